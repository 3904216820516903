/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/maple_tree.c, 6.1 to 7.2. */
#include "guest/proc/maple.h"

enum {
	/* Below this, an entry isn't a pointer to a node (xa_is_node()). */
	ENTRY_INTERNAL_MAX = 4096,
	ENTRY_KIND = 3,
	ENTRY_IS_INTERNAL = 2,
	/* Where a pointer to a node says which kind of node (mte_node_type()). */
	NODE_TYPE_SHIFT = 3,
	NODE_TYPE_MASK = 15,
	NODE_MASK = 255,
	NODE_LEAF_64 = 1, /* enum maple_type */
	NODE_RANGE_64 = 2,
	NODE_ARANGE_64 = 3,
};

/* Told of the root only: what is below a node that isn't a leaf is one. */
static bool is_node(const void *entry)
{
	return ((u64)entry & ENTRY_KIND) == ENTRY_IS_INTERNAL && (u64)entry > ENTRY_INTERNAL_MAX;
}

static void push(struct maple_walk *walk, const void *entry, u64 min, u64 max)
{
	const struct maple_node *node = (const void *)((u64)entry & ~(u64)NODE_MASK);
	struct maple_level level = {.min = min, .max = max};

	if (walk->depth == MAPLE_DEPTH_MAX)
		guest_fail(STATUS_MALFORMED, "a maple tree is deeper than any could be");
	u64 type = (u64)entry >> NODE_TYPE_SHIFT & NODE_TYPE_MASK;
	level.is_leaf = type == NODE_LEAF_64;
	switch (type) {
	case NODE_LEAF_64:
	case NODE_RANGE_64:
		level.pivots = node->mr64.pivot;
		level.slots = node->mr64.slot;
		level.pivot_count = (u32)(field_size(struct maple_range_64, pivot) / sizeof(u64));
		break;
	case NODE_ARANGE_64:
		level.pivots = node->ma64.pivot;
		level.slots = node->ma64.slot;
		level.pivot_count = (u32)(field_size(struct maple_arange_64, pivot) / sizeof(u64));
		break;
	default: guest_fail(STATUS_MALFORMED, "a maple tree has a node of no known kind");
	}
	walk->levels[walk->depth++] = level;
}

/* The next entry of the topmost node; NULL: an empty one, or one that isn't wanted. mas_logical_pivot():
 * the last entry of a node that isn't full has no pivot. */
static const void *step(struct maple_walk *walk, u64 *ret_min, u64 *ret_max)
{
	struct maple_level *level = &walk->levels[walk->depth - 1];
	u32 index = level->next++;

	guest_bound(&walk->bound);
	if (index > level->pivot_count) {
		walk->depth--;
		return NULL;
	}
	u64 pivot = index < level->pivot_count ? level->pivots[index] : level->max;
	if ((pivot == 0 && index > 0) || pivot >= level->max) {
		pivot = level->max;
		level->next = level->pivot_count + 1;
	}
	*ret_min = level->min;
	*ret_max = pivot;
	level->min = pivot + 1;
	return pivot < walk->from ? NULL : READ_ONCE(level->slots[index]);
}

void maple_walk_start(struct maple_walk *walk, const struct maple_tree *tree, u64 from)
{
	const void *root = READ_ONCE(tree->ma_root);

	walk->single = NULL;
	walk->from = from;
	walk->begun = false;
	walk->depth = 0;
	walk->bound = GUEST_BOUND(MAPLE_STEPS_MAX, "entries of a maple tree");
	if (is_node(root))
		push(walk, root, 0, ~0ull);
	else
		walk->single = root;
}

const void *maple_walk_next(struct maple_walk *walk, u64 *ret_index)
{
	const void *entry = walk->single;
	u64 min = 0, max = 0;

	walk->single = NULL;
	if (entry != NULL && walk->from == 0) {
		*ret_index = 0;
		return entry;
	}
	while (walk->depth != 0) {
		bool is_leaf = walk->levels[walk->depth - 1].is_leaf;
		entry = step(walk, &min, &max);
		if (entry == NULL)
			continue;
		if (!is_leaf) {
			push(walk, entry, min, max);
			continue;
		}
		if (walk->begun && min <= walk->last)
			guest_fail(STATUS_MALFORMED, "a maple tree isn't in order");
		walk->begun = true;
		walk->last = min;
		*ret_index = min;
		return entry;
	}
	return NULL;
}
