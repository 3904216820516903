/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cache of lines: what read plans brought (guest/memory/plan.h), beside the
 * pages. A ring: new lines take the place of the oldest, but for some that are kept: those
 * that an epoch and a plan begin with. Lines live as long as an epoch. An answer with more of them than the ring should
 * take at once stays packed, and is unpacked a part at a time as a walk comes there. Internal to guest/memory; its
 * users see guest/memory/memory.h.
 */
#ifndef GUEST_MEMORY_LINES_H
#define GUEST_MEMORY_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/memory/memory.h"
#include "guest/memory/plan-pack.h"
#include "guest/memory/plan.h"

enum {
	/* Plans that stopped before their end and may be gone on with: the walks under
	 * way at once, one inside the other. */
	LINES_PLAN_COUNT = 4,
	/* Which pages have lines, roughly: a bit for each page's hash. */
	LINES_FILTER_BITS = 1 << 14,
};

#define LINE_NONE UINT32_MAX

struct line_slot {
	uint64_t line;
	uint32_t next; /* in its hash chain, or LINE_NONE */
	/* When it came and when it was last looked at, by line_cache's count of times; wraps around. */
	uint16_t added, used : 15;
	uint16_t is_kept : 1; /* as long as the epoch */
};

/* Moments (plan.h) at which memory held a line: from the first to the last of them. What was the same at both was it
 * in between, too: that is what all looks at whether something has changed go by. 0: none.
 * And when it was copied: later than all moments up to that number, and before the next. UINT32_MAX: later than can be
 * told. */
struct line_moments {
	uint32_t first, last, tick;
};

/* A plan that isn't done. */
struct stopped_plan {
	struct plan plan;
	struct plan_cursor cursor;
	bool is_there;
	uint32_t miss_count; /* lines that were missing since it stopped */
};

/* The answer that isn't unpacked as a whole yet. */
struct packed_lines {
	uint8_t *bytes;
	size_t size_max, size, at;
	uint64_t next_line; /* the number of the next line in it */
	uint32_t miss_count; /* as a stopped plan's */
	uint32_t behind; /* so many lines came after the newest one that was looked at; slot_count: or more */
	bool is_still; /* all of it is of the moment moment_next */
	/* A bit for each line's hash that isn't unpacked, where somebody wanted to know since the last part was. */
	uint64_t *rest;
	uint32_t rest_mask; /* bits - 1 */
	bool is_rest_known;
	struct plan_unpack unpack;
};

struct line_cache {
	uint32_t slot_count;
	uint32_t bucket_mask;
	uint32_t hand; /* the slot to be filled next */
	uint32_t current_count; /* slots that were filled in this epoch */
	struct line_slot *slots;
	uint32_t *buckets;
	uint8_t (*lines)[PLAN_LINE_SIZE];
	struct line_moments *moments; /* of each slot */
	/* Of the last run: the number of the moment that ends next, and the first that is none of that run's any more.
	 */
	uint64_t moment_next, moment_end;
	uint64_t
		tick_newest; /* the latest tick of a line that came in this epoch; UINT64_MAX: later than can be told */
	uint64_t filter[LINES_FILTER_BITS / 64];
	struct stopped_plan stopped[LINES_PLAN_COUNT];
	uint32_t stopped_next; /* whose place a further plan takes */
	struct packed_lines packed;
	const struct stopped_plan *packed_from; /* whose answer it is; only compared */
	uint64_t added_count; /* lines ever added */
	uint64_t kept_until; /* added_count when the last of those came with which an epoch begins, all of them kept */
	uint32_t kept_count; /* slots whose lines are kept */
	uint16_t time; /* how often lines were unpacked */
};

/* All that follow take memory->lines NULL for a cache without lines. */

/* The line, NULL: not here. Valid until memory->generation changes. */
const uint8_t *lines_find(const struct guest_memory *memory, uint64_t line);
/* When a line that lines_find() found was copied, as memory->tick; or memory->used_tick, where no line was copied
 * later than that. */
uint64_t lines_tick(const struct guest_memory *memory, const uint8_t *line);
/* If the line is here, it stays as long as the epoch does: it will be wanted again, long after those that came with
 * it. Of so many lines at most as leave room for the others. */
void lines_keep(const struct guest_memory *memory, uint64_t line);
/* Unpack what begins with this line, or go on with a plan that stopped before it, if there is one. Did it
 * bring anything? */
bool lines_continue(struct guest_memory *memory, uint64_t line);
/* Bring a page that was just copied into line with what this epoch has seen of it. */
void lines_overlay(const struct guest_memory *memory, uint64_t page, uint8_t *bytes);
/* The epoch is over. */
void lines_forget(struct guest_memory *memory);

#endif
