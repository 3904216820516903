/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a sparse array of pointers holds, by index (lib/xarray.c): a walk down
 * and along, with the nodes above kept on a stack. Guest C.
 */
#ifndef GUEST_PROC_XARRAY_H
#define GUEST_PROC_XARRAY_H

#include "guest/proc/types/xarray.h"

enum {
	/* Levels of six bits that an index of 64 bits needs. */
	XARRAY_DEPTH_MAX = 11,
	/* Below it, an entry that isn't a pointer (xa_is_node()). */
	XARRAY_INTERNAL_MAX = 4096,
};

struct xarray_walk {
	const void *entry; /* to be looked at next; NULL: along */
	u32 depth, slots;
	struct guest_bound bound;
	struct {
		const struct xa_node *node;
		u32 next;
	} stack[XARRAY_DEPTH_MAX];
};

/* `what` names the entries where there are more than any list has. */
static inline void xarray_walk_start(struct xarray_walk *walk, const struct xarray *array, const char *what)
{
	walk->entry = READ_ONCE(array->xa_head);
	walk->depth = 0;
	walk->slots = (u32)(field_size(struct xa_node, slots) / sizeof(void *));
	walk->bound = GUEST_BOUND(GUEST_WALK_STEPS_MAX, what);
}

/* An inner node of the array: an address with 2 in its low bits. */
static inline bool xarray_is_node(const void *entry)
{
	return ((u64)entry & 3) == 2 && (u64)entry > XARRAY_INTERNAL_MAX;
}

/* The next pointer; NULL: none is left. */
static inline const void *xarray_walk_next(struct xarray_walk *walk)
{
	for (;;) {
		const void *entry = walk->entry;

		guest_bound(&walk->bound);
		walk->entry = NULL;
		if (xarray_is_node(entry)) {
			if (walk->depth == XARRAY_DEPTH_MAX)
				guest_fail(STATUS_MALFORMED, "an array has more levels than any could have");
			walk->stack[walk->depth].node = (const struct xa_node *)((u64)entry & ~3ull);
			walk->stack[walk->depth++].next = 0;
		} else if (entry != NULL && ((u64)entry & 3) == 0) {
			return entry;
		} else if (((u64)entry & 1) != 0 || (u64)entry > XARRAY_INTERNAL_MAX) {
			guest_fail(STATUS_MALFORMED, "an array holds something else than pointers");
		}
		while (walk->depth != 0 && walk->stack[walk->depth - 1].next == walk->slots)
			walk->depth--;
		if (walk->depth == 0)
			return NULL;
		void *const *slot = (void *const *)walk->stack[walk->depth - 1].node->slots;
		walk->entry = READ_ONCE(slot[walk->stack[walk->depth - 1].next++]);
	}
}

#endif
