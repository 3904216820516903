/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMPILER_KERNEL_CODE_H
#define COMPILER_KERNEL_CODE_H

#include <llvm-c/Core.h>
#include <stdbool.h>

/* Is it what BUILD_BUG_ON() calls? Such a call has to be gone after the optimiser,
 * as in the kernel's own build. */
bool is_assertion(LLVMValueRef function);

#endif
