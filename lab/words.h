/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An argument list that is put together piece by piece. */
#ifndef LAB_WORDS_H
#define LAB_WORDS_H

#include <stdbool.h>

#include "base/status.h"

enum { WORDS_COUNT_MAX = 96 };

/* All zero is an empty list. `items` is always NULL-terminated. */
struct words {
	char *items[WORDS_COUNT_MAX + 1];
	unsigned int count;
	bool failed; /* a word is missing: no memory, or too many */
};

void words_deinit(struct words *words);
void words_add(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Did everything fit? STATUS_NO_MEMORY (reported). */
MUST_USE status words_check(const struct words *words);

/* Run a program to its end; what it prints (at most 4095 bytes, less the last
 * newline) comes back, to be freed. Its stderr is ours. STATUS_IO: it couldn't
 * be run (reported) or failed (it has said why itself: not reported). */
MUST_USE status words_run(const struct words *words, char **ret_output);

#endif
