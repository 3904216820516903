/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Read plans: a small bounded description of a walk through the target's
 * structures (this list, from each node these fields, from this field that
 * pointer), which a source runs in one go and answers with all the memory that
 * the walk touched. One question instead of thousands of pages.
 *
 * A plan only warms the cache (guest/memory/memory.h, lines): what is read and
 * what is decided stays with guest C, and results are the same without plans.
 * So nothing depends on a plan being right; a wrong one costs time.
 *
 * The unit of an answer is a line: 64 bytes of guest physical memory, aligned.
 * The source sends each line that the walk touched, the entries of page tables
 * included, in the order of the walk, and follows pointers only in the copy
 * that it sends. It does what the plan says and no more. What it asks the CPU for ahead of
 * that (plan_access.peek) it may guess from memory as it is: nothing of it reaches an answer.
 *
 * Freestanding (tools/build/firmware-check), no allocation, no recursion: agents run it, and firmware.
 */
#ifndef GUEST_MEMORY_PLAN_H
#define GUEST_MEMORY_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "guest/memory/address.h"
#include "guest/memory/space.h"

enum {
	PLAN_LINE_SIZE = 64,
	PLAN_LINE_SHIFT = 6,
	PLAN_STEP_COUNT_MAX = 96,
	/* Tables of lists of objects with arrays of their own, and what leads there. */
	PLAN_DEPTH_MAX = 12,
	/* One TAKE or SPAN: the largest argument list worth sending whole. */
	PLAN_SIZE_MAX = 128 << 10,
	/* What is shown to have been at one moment: a page of arguments and one of environment,
	 * and the tables that lead there. */
	PLAN_MOMENT_LINES = 256,
	/* The largest answer of one run of a plan, in bytes. */
	PLAN_ANSWER_SIZE_MAX = 1 << 20,
};

/*
 * A plan is a tree of steps in pre-order; a step's children are the next steps
 * with a greater depth. A step has a base address, which its parent computes
 * (0 for roots), and does something at base + offset:
 *
 *   TAKE      sends [base + offset, + size); no children. Of a root, again in each run.
 *   FOLLOW    loads 8 bytes, & mask; children's base is that, unless it is 0.
 *   AT        children's base is base + offset.
 *   START_AT  children's base is `value`.
 *   LIST      struct list_head at base + offset: children's base is each node − node_offset,
 *             until the head comes again.
 *   CHAIN     first pointer at base + offset (hlist_head, singly linked lists), & mask: each
 *             node − node_offset; the next pointer is at node + value; ends with 0 or an odd
 *             number. (The mask is for the first alone: rhashtables keep a lock there.)
 *   ARRAY     `count` elements of `stride` bytes from base + offset (PLAN_INDIRECT: from the
 *             address that stands there): children's base is each. With count_size ≠ 0 the
 *             count is loaded from base + node_offset (PLAN_PLUS_ONE: and is one more, as of a
 *             hash table's mask); `count` still bounds it.
 *   XARRAY    an xarray's or radix tree's head pointer at base + offset: each entry that is a
 *             pointer. (IDRs are these.)
 *   MAPLE     a maple tree's root pointer at base + offset: each entry that is a pointer.
 *             Of both with PLAN_ONE: only the entry for the index `value` or, with count_size ≠ 0,
 *             for the number at base + node_offset.
 *   RBTREE    an rb_root's pointer at base + offset: each node − node_offset, in order.
 *   PERCPU    for each i < count: children's base is base + offset + the i-th word of the table
 *             at `value` (__per_cpu_offset).
 *   IF        loads size (1, 2, 4, 8) bytes, & mask: children run if it equals `value` (with
 *             PLAN_UNLESS: if not). Children's base is the step's own.
 *   SPACE     the process's space whose pgd pointer (into the direct map) stands at base +
 *             offset, for the children, which are SPANs and have the step's own base. Needs
 *             the right to user memory.
 *   MOMENT    base as the step's own. When its children are done, all lines that they touched are read
 *             once more, and where all are as they were sent, the answer says so: there was a moment
 *             at which memory held all of them (lines.h, guest_memory_read_moments()). Lines that the answer has
 *             from before count anew: they are sent again. At most PLAN_MOMENT_LINES lines. (None of that
 *             where the target stands still meanwhile: then the whole answer is of one moment.)
 *   SPAN      sends from the address that stands at base + offset up to the one at base +
 *             node_offset, `size` bytes at most; no children. The two are read in the kernel's
 *             space, what lies between them in that of the SPACE above, if there is one.
 *
 * Whatever can't be read, or isn't as it should be, is left out with all that hangs on it. So is a process's address
 * (in the lower half) in a plan without SPACE, though the tables map it: they may be those of a process.
 */
enum plan_step_type {
	PLAN_TAKE = 1,
	PLAN_FOLLOW,
	PLAN_AT,
	PLAN_START_AT,
	PLAN_LIST,
	PLAN_CHAIN,
	PLAN_ARRAY,
	PLAN_XARRAY,
	PLAN_MAPLE,
	PLAN_RBTREE,
	PLAN_PERCPU,
	PLAN_IF,
	PLAN_SPACE,
	PLAN_SPAN,
	PLAN_MOMENT,
	PLAN_STEP_TYPE_END,
};

enum plan_step_flag {
	PLAN_UNLESS = 1 << 0, /* IF */
	PLAN_INDIRECT = 1 << 1, /* ARRAY */
	PLAN_PLUS_ONE = 1 << 2, /* ARRAY */
	PLAN_ONE = 1 << 3, /* XARRAY, MAPLE */
	PLAN_STEP_FLAGS = PLAN_UNLESS | PLAN_INDIRECT | PLAN_PLUS_ONE | PLAN_ONE,
};

struct plan_step {
	uint8_t type; /* enum plan_step_type */
	uint8_t depth; /* 0: a root */
	uint8_t count_size; /* ARRAY, XARRAY, MAPLE: 0, 1, 2, 4 or 8 */
	uint8_t flags;
	uint32_t size;
	uint32_t count; /* loops: nodes at most; never 0 there */
	uint32_t stride;
	int64_t offset, node_offset;
	uint64_t value, mask;
};

/* Where trees' inner nodes have their members: filled from the target's types;
 * 0 where no step needs it. */
struct plan_layout {
	uint16_t xa_slots, xa_slot_count; /* struct xa_node */
	uint16_t rb_parent, rb_left, rb_right; /* struct rb_node */
	uint16_t maple_pivot; /* the same in both kinds of node */
	uint16_t maple_range_slot, maple_range_slot_count; /* struct maple_range_64 */
	uint16_t maple_arange_slot, maple_arange_slot_count; /* struct maple_arange_64 */
};

struct plan {
	struct guest_space space; /* the kernel's */
	uint64_t page_offset; /* where the direct map starts, for SPACE */
	struct plan_layout layout;
	uint32_t step_count;
	struct plan_step step[PLAN_STEP_COUNT_MAX];
	/* For one run; the source has limits of its own besides. Never 0. */
	uint32_t line_count_max;
	uint32_t node_count_max;
	uint32_t answer_size_max; /* bytes; 0: as many as the source can send */
};

/* The place in a loop: of a list the node, of a tree the slots on the way down
 * (6 bits a level, the uppermost first, and how many levels), of an array the index. */
struct plan_place {
	uint64_t node;
	uint64_t index;
};

/* Where a run stopped. The source makes it, the caller hands it back as it is (it is
 * sealed on the way), and the source believes no number of it: a wrong one only
 * gives another walk. All zero: from the start. */
struct plan_cursor {
	bool is_done;
	uint8_t step_index; /* of the innermost loop under way; where there is none, of the root step to go on with */
	uint8_t loop_count; /* how many loops are under way, the outermost first */
	/* The physical line (its number) that there was no room for: whoever walks as the
	 * plan does touches it first of all that the answer lacks. 0: not known. */
	uint64_t next_line;
	struct plan_place place[PLAN_DEPTH_MAX];
};

/* Where an answer goes, packed (plan-pack.h). */
struct plan_sink {
	/* Where the answer may be put together (PLAN_ANSWER_SIZE_MAX at most): the source writes
	 * it there, so that it needn't be copied. NULL: the source uses room of its own. */
	uint8_t *room;
	size_t room_size;
	/* Lines that may come, 0: as many as there may be; and how many came, from the source. */
	uint32_t line_count_max, line_count;
	/* From the source, which alone can know: nothing of the target ran while it answered. So all of the answer is
	 * of one moment, whatever it says of moments by itself. */
	bool is_still;
	/* Takes some of the answer, of any size; valid until it returns. Called once where there is room. */
	status (*take)(struct plan_sink *sink, struct span part);
};

/* Does the plan keep to its own rules (types, depths, sizes, counts)? For whoever gets
 * one from across a boundary. STATUS_MALFORMED, reported. */
MUST_USE status plan_validate(const struct plan *plan);
/* The same for a cursor; it need not be one that the plan ever had. STATUS_MALFORMED, reported. */
MUST_USE status plan_cursor_validate(const struct plan *plan, const struct plan_cursor *cursor);
/* Does it ask for memory of processes? */
bool plan_needs_user_memory(const struct plan *plan);

/* The step behind the one at `index` and all that hangs on it. */
uint32_t plan_step_end(const struct plan *plan, uint32_t index);

#endif
