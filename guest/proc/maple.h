/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All entries of a maple tree, by index (mas_for_each(), lib/maple_tree.c).
 * Guest C. */
#ifndef GUEST_PROC_MAPLE_H
#define GUEST_PROC_MAPLE_H

#include "guest/kernel/guestc.h"
#include "guest/proc/types/maple.h"

enum {
	MAPLE_DEPTH_MAX = 31, /* MAPLE_HEIGHT_MAX */
	/* Entries looked at in one walk, empty ones included. */
	MAPLE_STEPS_MAX = 1 << 22,
};

struct maple_level {
	const unsigned long *pivots;
	void *const *slots;
	u32 pivot_count, next;
	bool is_leaf; /* its entries are the tree's, not nodes */
	u64 min, max; /* of what lies below this node */
};

struct maple_walk {
	const void *single; /* a tree that is one entry, at 0 */
	u64 from; /* entries that end below it are left out */
	u64 last; /* the last index that was given */
	bool begun;
	u32 depth;
	struct guest_bound bound;
	struct maple_level levels[MAPLE_DEPTH_MAX];
};

/* Walk the entries that stand for `from` or what is above it. What isn't wanted isn't looked at: a read plan brings
 * the way to one index alone. */
GUEST_C void maple_walk_start(struct maple_walk *walk, const struct maple_tree *tree, u64 from);
/* The next entry and the first index that it stands for; NULL: none is left.
 * Indices go upwards: a tree whose branches share nodes ends the boundary. */
GUEST_C const void *maple_walk_next(struct maple_walk *walk, u64 *ret_index);

#endif
