/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When it pays to look at a word again and again, instead of sleeping until somebody wakes us.
 *
 * Where both ends have a core, the answer comes within microseconds, and sleeping costs both
 * of them several system calls. Where they share one, looking keeps the other end from the very core
 * that it needs. Nobody tells which it is, so: look for a while; each time in vain, do without for
 * twice as many times as before; once it came, all is forgiven.
 */
#ifndef BASE_PATIENCE_H
#define BASE_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	/* A vain look of 0.1 ms once in 128 sleeps costs less than a tenth of the sleeps. */
	PATIENCE_PENALTY_MAX = 128,
};

/* All zeros at the start. */
struct patience {
	uint32_t penalty; /* after the last vain look */
	uint32_t skip_count; /* do without so often */
};

/* Look this time? */
static inline bool patience_may_look(struct patience *patience)
{
	if (patience->skip_count == 0)
		return true;
	patience->skip_count--;
	return false;
}

/* What came of it. */
static inline void patience_note(struct patience *patience, bool came)
{
	uint32_t doubled = patience->penalty == 0 ? 1 : patience->penalty * 2;

	patience->penalty = came ? 0 : doubled < PATIENCE_PENALTY_MAX ? doubled : PATIENCE_PENALTY_MAX;
	patience->skip_count = patience->penalty;
}

#endif
