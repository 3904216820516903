/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run of a plan reads through: the lines that its answer holds so far, and
 * translations by the page tables among them. Internal to guest/memory.
 */
#ifndef GUEST_MEMORY_PLAN_LINES_H
#define GUEST_MEMORY_PLAN_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/memory/plan-run.h"

enum {
	PLAN_LEVEL_COUNT_MAX = 5,
	PLAN_TLB_COUNT = 64, /* pages of 4 KiB, direct-mapped */
	PLAN_TLB_LARGE_COUNT = 32, /* 2 MiB of a large page */
	/* For each step, the lines that it sent last, by their order. */
	PLAN_ORDER_COUNT = 16,
};

struct plan_translation {
	uint64_t page; /* virtual page number + 1; 0: none */
	uint64_t root;
	uint64_t physical; /* page number of the same size */
};

struct plan_lines {
	const struct guest_space *space;
	uint64_t root; /* its */
	bool reads_user; /* addresses of processes are translated, too */
	struct plan_access *access;
	const struct plan_room *room;
	size_t size_max, used; /* of the answer */
	uint32_t line_count, line_count_max;
	uint32_t table_mask;
	uint32_t steps_left;
	uint32_t moment; /* lines from this index on count; those before are sent again */
	uint64_t wanted_line; /* for which there was no room; 0: something else ran out */
	/* What was looked for last: a line and its copy, a page and where it lies. */
	uint64_t recent_line;
	const uint8_t *recent_bytes;
	struct plan_translation recent;
	/* Of the last walk: where in the direct map the tables lie. */
	uint64_t page_offset;
	uint64_t way[PLAN_LEVEL_COUNT_MAX];
	uint32_t way_count;
	/* Who sends: what a line is told by is what the same step sent in the same place before. */
	uint32_t step_index, order;
	uint32_t sent[PLAN_STEP_COUNT_MAX][PLAN_ORDER_COUNT]; /* the line's index + 1; 0: none */
	struct plan_translation tlb[PLAN_TLB_COUNT], large_tlb[PLAN_TLB_LARGE_COUNT];
};

/* `lines` needn't be cleared before. */
void plan_lines_init(struct plan_lines *lines, const struct plan *plan, struct plan_access *access,
		     const struct plan_room *room);

/* What follows is done for this step. */
static inline void plan_lines_for_step(struct plan_lines *lines, uint32_t step_index)
{
	lines->step_index = step_index;
	lines->order = 0;
}

/* The number at `address`, to expect what it leads to. False: it isn't known without reading anything for the answer.
 */
bool plan_lines_peek(struct plan_lines *lines, uint64_t address, uint64_t *ret_value);
/* [address, + size) is going to be taken: say so, as far as that is known without reading anything. */
void plan_lines_expect(struct plan_lines *lines, uint64_t address, uint64_t size);

/* All that follow: STATUS_UNMAPPED: nothing there. STATUS_LIMIT: the run is over, no room or
 * no steps left. Others: read_line's. */

/* One step of work. */
MUST_USE static inline status plan_lines_spend(struct plan_lines *lines)
{
	if (lines->steps_left == 0)
		return STATUS_LIMIT;
	lines->steps_left--;
	return STATUS_OK;
}

/* Where an address lies, by the tables at physical address `root`. */
MUST_USE status plan_lines_translate(struct plan_lines *lines, uint64_t root, uint64_t address, uint64_t *ret_physical);
/* A number of 1, 2, 4 or 8 bytes, in the kernel's space. */
MUST_USE status plan_lines_load(struct plan_lines *lines, uint64_t address, uint32_t size, uint64_t *ret_value);
/* What comes from now on is a moment's (PLAN_MOMENT), until it ends; what to end it with. They may lie in each other.
 */
uint32_t plan_lines_moment_begin(struct plan_lines *lines);
/* If its lines still are as they were sent, say so in the answer. */
void plan_lines_moment_end(struct plan_lines *lines, uint32_t outer);
/* Send [address, + size) as far as it is mapped: then STATUS_OK. */
MUST_USE status plan_lines_take(struct plan_lines *lines, uint64_t root, uint64_t address, uint64_t size);

#endif
