/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running a read plan (guest/memory/plan.h) where the target's memory is at hand.
 *
 * Freestanding: no allocation, no recursion, no library but memcpy and memset.
 * The target's memory is hostile: each line is copied once into the answer, and
 * only that copy is looked at. Whatever it holds, a run ends after a bounded
 * number of steps: lists that loop, counts that are absurd, trees that share
 * nodes cost the plan's bounds at most; what isn't mapped is left out.
 */
#ifndef GUEST_MEMORY_PLAN_RUN_H
#define GUEST_MEMORY_PLAN_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/memory/address.h"
#include "guest/memory/plan.h"

/* How the target's memory is read. */
struct plan_access {
	/* Copy the PLAN_LINE_SIZE bytes at `line`, a multiple of that, once.
	 * STATUS_UNMAPPED: not RAM. Everything else ends the run with it. */
	status (*read_line)(struct plan_access *access, struct guest_pa line, uint8_t *destination);
	/* The same of `count` lines by their numbers (address / PLAN_LINE_SIZE), as memory holds them now, past
	 * what read_line may have kept. What it returns says only whether it could. May be NULL: then no plan shows
	 * that anything was at one moment. */
	status (*read_again)(struct plan_access *access, const uint64_t *numbers, uint32_t count,
			     uint8_t (*destination)[PLAN_LINE_SIZE]);
	/* Memory doesn't change while the plan runs: there is one moment, and nothing is sent or read again for one
	 * (plan.h, struct plan_sink). */
	bool is_still;
	/* The line is going to be read soon. May be NULL. */
	void (*expect_line)(struct plan_access *access, struct guest_pa line);
	/* The 8 bytes at `address`, which are of one line, where they are at hand. They decide what is expected, and
	 * nothing else. False: not known. May be NULL. */
	bool (*peek)(struct plan_access *access, struct guest_pa address, uint64_t *ret_value);
};

enum {
	/* Lines of one run. */
	PLAN_RUN_LINE_COUNT_MAX = 1 << 16,
	/* Entries of the table that finds them: what a walk comes back to lies among the last few
	 * thousand, and a larger table wouldn't fit into the CPU's cache. */
	PLAN_TABLE_COUNT_MAX = 1 << 13,
	/* Loads and moves of one run: a fraction of a second, and ten times what a full
	 * answer takes. */
	PLAN_BUDGET = 1 << 21,
	PLAN_COST_BYTES = 32,
};

/* The caller's storage. */
struct plan_room {
	uint8_t *answer; /* packed (plan-pack.h) */
	size_t answer_size; /* PLAN_ANSWER_SIZE_MAX at most counts */
	/* The answer's lines, to be followed, and their numbers. */
	uint8_t (*lines)[PLAN_LINE_SIZE];
	uint64_t *numbers;
	uint32_t line_count; /* PLAN_RUN_LINE_COUNT_MAX at most counts */
	/* Which lines there are, so that each is sent once. A power of two; with fewer than twice
	 * as many entries as there are lines, some may be sent twice: whoever unpacks them keeps
	 * the first. */
	uint64_t *table;
	uint32_t table_count;
	/* Loads and moves; 0, and whatever is more: PLAN_BUDGET. */
	uint32_t budget;
	/* What a line that is sent costs of it, besides the load that it is sent for, and one more for each
	 * PLAN_COST_BYTES of the answer that it takes. 0: nothing. */
	uint32_t line_cost;
};

/* Run a valid plan from where the valid `cursor` stands, and move it. The answer
 * (plan.h, struct plan_sink) is in room->answer, *ret_size bytes, of *ret_line_count lines.
 * STATUS_OK, or read_line's fault: then nothing was answered. */
MUST_USE status plan_run(const struct plan *plan, struct plan_cursor *cursor, struct plan_access *access,
			 const struct plan_room *room, size_t *ret_size, uint32_t *ret_line_count);

#endif
