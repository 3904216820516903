/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clang's syntax tree doesn't show array bounds, so a sizeof in one can't be
 * checked: refused by reading the preprocessed text.
 */
#ifndef COMPILER_BRACKETS_H
#define COMPILER_BRACKETS_H

#include "base/status.h"

/* Check the text that `clang -E` wrote. STATUS_MALFORMED, each place said, if
 * there is a sizeof, an alignof or an offsetof between [ and ]. */
MUST_USE status brackets_check(const char *preprocessed_path);

#endif
