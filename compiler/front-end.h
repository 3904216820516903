/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running clang as the front end. */
#ifndef COMPILER_FRONT_END_H
#define COMPILER_FRONT_END_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct kernel_headers;

enum {
	FRONT_END_ARGUMENTS_MAX = 256,
};

struct front_end {
	const char *clang;
	const char *source;
	/* NULL: types are declared by hand, their layouts are asked for at run
	 * time. Else they are what these say. */
	const struct kernel_headers *headers;
	/* -I, -D, -include, -M… as given to guestcc */
	const char *arguments[FRONT_END_ARGUMENTS_MAX];
	size_t argument_count;
};

/* Compile to unoptimised bitcode, with dependencies where asked for. clang
 * says what is wrong with the source: then STATUS_MALFORMED. */
MUST_USE status front_end_compile(const struct front_end *front_end, const char *bitcode_path);

/* Write the syntax tree, as JSON, to a file. */
MUST_USE status front_end_syntax_tree(const struct front_end *front_end, const char *tree_path);

/* Write the preprocessed text to a file. */
MUST_USE status front_end_preprocess(const struct front_end *front_end, const char *text_path);

#endif
