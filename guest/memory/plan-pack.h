/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answer to a read plan: lines, packed. Objects of one kind look alike, so each line is told
 * by how it differs from one that came shortly before it, which whoever packs chooses: mostly the
 * same part of the object before. A socket's 1100 bytes then take some 300.
 *
 * An answer is items, one behind the other, each
 *   255, 6 bytes         the number of the next item's line (number = guest physical address / 64)
 *   254, 1 byte          a moment (plan.h): the last so many lines + 1
 *   distance, mask, …    a line: as the line so many items before it (0: as zeros), but for those words of
 *                        4 bytes whose bit is set in the mask (2 bytes); they follow, the first one first
 * Without its number said, a line is as far behind the one before it as the line that it is told by is
 * behind the one before that (0: it is the next). Numbers are little-endian.
 *
 * Freestanding. Internal to guest/memory.
 */
#ifndef GUEST_MEMORY_PLAN_PACK_H
#define GUEST_MEMORY_PLAN_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "guest/memory/plan.h"

enum {
	PLAN_PACK_DISTANCE_MAX = 253,
	PLAN_PACK_MOMENT = 254, /* in place of a distance */
	PLAN_PACK_NUMBER = 255, /* in place of a distance */
	PLAN_PACK_WINDOW = 256, /* lines that whoever unpacks remembers */
	/* An item and its number. */
	PLAN_PACK_SIZE_MAX = 7 + 3 + PLAN_LINE_SIZE,
	PLAN_PACK_NUMBER_BITS = 48,
	PLAN_PACK_MOMENT_SIZE = 2,
};

/* Pack line `index` of `lines`, whose numbers are in `numbers`, told by line index − distance (0:
 * by none), to `to`, where there is room for PLAN_PACK_SIZE_MAX bytes. How many it took. */
size_t plan_pack_line(const uint8_t (*lines)[PLAN_LINE_SIZE], const uint64_t *numbers, uint32_t index,
		      uint32_t distance, uint8_t *to);

/* Say that there was a moment at which memory held the last `count` lines, 1 to PLAN_MOMENT_LINES, to `to`,
 * where there is room for PLAN_PACK_MOMENT_SIZE bytes. */
void plan_pack_moment(uint32_t count, uint8_t *to);

/* What telling lines' numbers remembers. */
struct plan_numbers {
	uint32_t count; /* lines so far */
	uint64_t number[PLAN_PACK_WINDOW];
};

/* What unpacking remembers; zeros to begin with. */
struct plan_unpack {
	struct plan_numbers numbers;
	uint8_t lines[PLAN_PACK_WINDOW][PLAN_LINE_SIZE];
};

MUST_USE uint32_t plan_unpack_moment_next(const struct plan_unpack *unpack, struct reader *answer);
/* If a moment comes next: of how many lines, which are among those that `unpack` remembers. 0: none, as
 * behind most lines. */
MUST_USE static inline uint32_t plan_unpack_moment(const struct plan_unpack *unpack, struct reader *answer)
{
	bool is_moment =
		answer->position < answer->bytes.size && answer->bytes.data[answer->position] == PLAN_PACK_MOMENT;

	return is_moment ? plan_unpack_moment_next(unpack, answer) : 0;
}

/* The next line; *ret_bytes holds until PLAN_PACK_WINDOW more came. The number may be any.
 * STATUS_END: nothing left. STATUS_MALFORMED, reported: cut off, a moment, or told by a line that wasn't there. */
MUST_USE status plan_unpack_next(struct plan_unpack *unpack, struct reader *answer, uint64_t *ret_line,
				 const uint8_t **ret_bytes);
/* The next line's number alone, in a fraction of the time: of it and of moments before it nothing is looked at. False:
 * nothing left, or not whole. */
MUST_USE bool plan_unpack_skip(struct plan_numbers *numbers, struct reader *answer, uint64_t *ret_line);
/* The number of the line that comes next, 0 where there is none; consumes nothing. */
uint64_t plan_unpack_peek(const struct plan_unpack *unpack, struct span answer);

#endif
