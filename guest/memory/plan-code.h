/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A read plan and its cursor as bytes, for whatever carries them to a source: the sealed
 * link and, in `plain`, the host's window.
 *
 * Both have one size, whatever stands in them: what is not used is zeros. The plan
 *
 *     0   4, 4, 4, 4, 4, 4   steps, lines at most, nodes at most, level_count, physical_bits, bytes at most
 *    24   8, 8               root, page_offset
 *    40   10 × 2             layout: xa_slots, xa_slot_count, rb_parent, rb_left, rb_right, maple_pivot,
 *                            maple_range_slot, _range_slot_count, _arange_slot, _arange_slot_count
 *    60   68                 zero
 *   128   48 each            type, depth, count_size, flags (1 each), size, count, stride (4),
 *                            offset, node_offset, value, mask (8)
 *
 * and the cursor
 *
 *     0   1, 1, 1, 5         is_done (0 or 1), step_index, loop_count, zero
 *     8   8                  next_line
 *    16   12 × (8, 8)        places: node, index
 *
 * Numbers are little-endian. Who decodes checks the form only: whether a plan keeps to its own
 * rules, and a cursor to the plan's, is plan_validate()'s and plan_cursor_validate()'s to say.
 */
#ifndef GUEST_MEMORY_PLAN_CODE_H
#define GUEST_MEMORY_PLAN_CODE_H

#include <stdint.h>

#include "base/status.h"
#include "guest/memory/plan.h"

enum {
	PLAN_CODE_HEAD_SIZE = 128,
	PLAN_CODE_STEP_SIZE = 48,
	PLAN_CODE_SIZE = PLAN_CODE_HEAD_SIZE + PLAN_STEP_COUNT_MAX * PLAN_CODE_STEP_SIZE,
	PLAN_CURSOR_CODE_SIZE = 16 + PLAN_DEPTH_MAX * 16,
};

/* A plan of at most PLAN_STEP_COUNT_MAX steps: whoever made it has validated it. */
void plan_encode(const struct plan *plan, uint8_t code[static PLAN_CODE_SIZE]);
/* STATUS_MALFORMED, reported: too many steps, or something where zeros belong; then nothing is
 * promised about the plan. Steps beyond step_count stay as they were. */
MUST_USE status plan_decode(const uint8_t code[static PLAN_CODE_SIZE], struct plan *ret_plan);

void plan_cursor_encode(const struct plan_cursor *cursor, uint8_t code[static PLAN_CURSOR_CODE_SIZE]);
/* STATUS_MALFORMED, reported: as plan_decode(), or more loops than there may be. */
MUST_USE status plan_cursor_decode(const uint8_t code[static PLAN_CURSOR_CODE_SIZE], struct plan_cursor *ret_cursor);

#endif
