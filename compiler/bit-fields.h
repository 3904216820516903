/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads of bit-fields of kernel types. */
#ifndef COMPILER_BIT_FIELDS_H
#define COMPILER_BIT_FIELDS_H

#include <llvm-c/Core.h>

struct chain;
struct unit;

/* Replace `user`, which loads the storage unit at `address` to take the
 * bit-field at the end of `chain` out of it. Anything but a load is an error.
 * Either way it doesn't use `address` any more. */
void lower_bit_field(struct unit *unit, const struct chain *chain, LLVMValueRef address, LLVMValueRef user);

#endif
