/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What only C's syntax tree shows: sizeof, offsetof, copies and own variables
 * of kernel types. LLVM sees their results only, fixed at compile time.
 */
#ifndef COMPILER_SYNTAX_CHECK_H
#define COMPILER_SYNTAX_CHECK_H

#include "base/status.h"

/* Check clang's JSON dump of `source`, and remember its kernel types for
 * types.h. Says each error with file and line; STATUS_MALFORMED if there was
 * one. */
MUST_USE status syntax_check(const char *source, const char *tree_path);

#endif
