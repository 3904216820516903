/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A red-black tree from its least node to its greatest (rb_next(),
 * lib/rbtree.c), without the pointers that lead up. Guest C.
 *
 * Whoever walks checks that the nodes' keys go upwards: a tree whose branches
 * share nodes has endlessly many ways through it, but few that are in order.
 */
#ifndef GUEST_PROC_TREE_H
#define GUEST_PROC_TREE_H

#include "guest/kernel/guestc.h"
#include "guest/proc/types/list.h"

enum {
	/* A red-black tree of n nodes is at most 2·log2(n + 1) deep: this is
	 * more than memory holds. */
	TREE_WALK_DEPTH_MAX = 64,
};

struct tree_walk {
	u32 depth;
	const struct rb_node *above[TREE_WALK_DEPTH_MAX]; /* nodes that come after what is below them */
};

static inline void tree_walk_descend(struct tree_walk *walk, const struct rb_node *node)
{
	for (; node != NULL; node = READ_ONCE(node->rb_left)) {
		if (walk->depth == TREE_WALK_DEPTH_MAX)
			guest_fail(STATUS_MALFORMED, "a tree is deeper than any could be");
		walk->above[walk->depth++] = node;
	}
}

static inline void tree_walk_start(struct tree_walk *walk, const struct rb_root *root)
{
	walk->depth = 0;
	tree_walk_descend(walk, READ_ONCE(root->rb_node));
}

/* The next node; NULL: none is left. */
static inline const struct rb_node *tree_walk_next(struct tree_walk *walk)
{
	const struct rb_node *node;

	if (walk->depth == 0)
		return NULL;
	node = walk->above[--walk->depth];
	tree_walk_descend(walk, READ_ONCE(node->rb_right));
	return node;
}

#endif
