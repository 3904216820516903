/* SPDX-License-Identifier: GPL-2.0-or-later */
/* include/linux/xarray.h, lib/maple_tree.c, lib/rbtree.c: 5.10 to 7.2. */
#include "guest/memory/plan-tree.h"

#include <stdbool.h>
#include <string.h>

enum {
	POINTER_SIZE = 8,
	/* xa_is_internal(), xa_is_node(): internal entries above this are nodes. */
	INTERNAL_MASK = 3,
	INTERNAL = 2,
	INTERNAL_NODE_MIN = 4096,
	/* enum maple_type: bits 3 to 6 of a pointer to a node. */
	MAPLE_TYPE_SHIFT = 3,
	MAPLE_TYPE_MASK = 15,
	MAPLE_LEAF_64 = 1,
	MAPLE_RANGE_64 = 2,
	MAPLE_ARANGE_64 = 3,
	MAPLE_NODE_MASK = 255,
	/* A red-black tree of n nodes is at most 2·log2(n + 1) deep. */
	RB_DEPTH_MAX = 96,
	RB_FLAGS = 3, /* of __rb_parent_color */
};

/* Where the slots of a node are. */
struct slots {
	uint64_t slot, pivot; /* pivot 0: none */
	uint32_t count;
	bool is_leaf; /* maple: its slots are entries, whatever they look like */
};

static bool xarray_is_node(uint64_t entry)
{
	return (entry & INTERNAL_MASK) == INTERNAL && entry > INTERNAL_NODE_MIN;
}

static bool is_pointer(uint64_t entry)
{
	return entry != 0 && (entry & INTERNAL_MASK) == 0;
}

static struct slots node_slots(const struct plan_layout *layout, uint8_t type, uint64_t node)
{
	uint64_t at = node & ~(uint64_t)MAPLE_NODE_MASK;
	uint64_t pivot = at + layout->maple_pivot;

	if (type == PLAN_XARRAY)
		return (struct slots){node - INTERNAL + layout->xa_slots, 0, layout->xa_slot_count, false};
	switch (node >> MAPLE_TYPE_SHIFT & MAPLE_TYPE_MASK) {
	case MAPLE_LEAF_64:
		return (struct slots){at + layout->maple_range_slot, pivot, layout->maple_range_slot_count, true};
	case MAPLE_RANGE_64:
		return (struct slots){at + layout->maple_range_slot, pivot, layout->maple_range_slot_count, false};
	case MAPLE_ARANGE_64:
		return (struct slots){at + layout->maple_arange_slot, pivot, layout->maple_arange_slot_count, false};
	default: return (struct slots){0};
	}
}

/* Slots behind a pivot of 0 aren't in use. */
static status slot_is_used(struct plan_lines *lines, const struct slots *slots, uint32_t slot)
{
	uint64_t pivot;

	if (slots->pivot == 0 || slot == 0)
		return STATUS_OK;
	TRY(plan_lines_load(lines, slots->pivot + (uint64_t)(slot - 1) * POINTER_SIZE, POINTER_SIZE, &pivot));
	return pivot == 0 ? STATUS_END : STATUS_OK;
}

static void push(struct plan_tree *tree, uint64_t node)
{
	if (tree->level_count == PLAN_TREE_DEPTH_MAX)
		return;
	tree->level[tree->level_count].node = node;
	tree->level[tree->level_count].slot = 0;
	tree->level_count++;
}

/* Look at the next slot. STATUS_OK with *ret_entry 0: no entry there, go on. */
static status look(struct plan_tree *tree, struct plan_lines *lines, const struct plan_layout *layout,
		   uint64_t *ret_entry)
{
	uint8_t top = tree->level_count - 1, slot = tree->level[top].slot;
	struct slots slots = node_slots(layout, tree->type, tree->level[top].node);
	status result = slot < slots.count ? slot_is_used(lines, &slots, slot) : STATUS_END;
	uint64_t entry, shift;

	/* Whoever looks an index up begins with that, and it needn't be in the first slot's line. */
	if (tree->type == PLAN_XARRAY && slot == 0 && result == STATUS_OK)
		result = plan_lines_load(lines, tree->level[top].node - INTERNAL, 1, &shift);

	*ret_entry = 0;
	if (result == STATUS_OK)
		result = plan_lines_load(lines, slots.slot + (uint64_t)slot * POINTER_SIZE, POINTER_SIZE, &entry);
	if (result == STATUS_END || result == STATUS_UNMAPPED) {
		tree->level_count--; /* the rest of the node is left out */
		return STATUS_OK;
	}
	TRY(result);
	tree->level[top].slot = slot + 1;
	if (tree->type == PLAN_XARRAY ? xarray_is_node(entry) : !slots.is_leaf && entry != 0)
		push(tree, entry);
	else if (is_pointer(entry))
		*ret_entry = entry;
	return STATUS_OK;
}

status plan_tree_next(struct plan_tree *tree, struct plan_lines *lines, const struct plan_layout *layout,
		      uint64_t *ret_entry)
{
	uint64_t entry = 0;

	tree->has_entry = false;
	/* Each round costs a step of the run's. */
	while (entry == 0) {
		if (tree->level_count == 0)
			return STATUS_END;
		TRY(plan_lines_spend(lines));
		TRY(look(tree, lines, layout, &entry));
	}
	tree->has_entry = true;
	*ret_entry = entry;
	return STATUS_OK;
}

static void start(struct plan_tree *tree, uint8_t type, uint64_t root)
{
	tree->type = type;
	tree->level_count = 0;
	tree->has_entry = false;
	if (xarray_is_node(root)) /* MAPLE_ROOT_NODE looks the same */
		push(tree, type == PLAN_MAPLE ? root & ~(uint64_t)INTERNAL : root);
}

status plan_tree_first(struct plan_tree *tree, struct plan_lines *lines, const struct plan_layout *layout, uint8_t type,
		       uint64_t root, uint64_t *ret_entry)
{
	start(tree, type, root);
	if (tree->level_count > 0)
		return plan_tree_next(tree, lines, layout, ret_entry);
	if (!is_pointer(root))
		return STATUS_END;
	*ret_entry = root;
	return STATUS_OK;
}

struct plan_place plan_tree_place(const struct plan_tree *tree)
{
	uint32_t count = tree->level_count, slot_count = 1 << PLAN_TREE_SLOT_BITS;
	struct plan_place place = {0};

	/* A node of which all is done: its parent's next slot. */
	while (count > 0 && !tree->has_entry && tree->level[count - 1].slot == slot_count)
		count--;
	place.node = count;
	for (uint32_t i = 0; i < count; i++) {
		/* Down through the slot before the next one; of the last node, the next one itself. */
		uint64_t slot = tree->level[i].slot - (i + 1 < count || tree->has_entry);

		place.index |= slot << (PLAN_TREE_SLOT_BITS * i);
	}
	return place;
}

static uint8_t place_slot(struct plan_place place, uint32_t level)
{
	return place.index >> (PLAN_TREE_SLOT_BITS * level) & ((1 << PLAN_TREE_SLOT_BITS) - 1);
}

status plan_tree_resume(struct plan_tree *tree, struct plan_lines *lines, const struct plan_layout *layout,
			uint8_t type, uint64_t root, struct plan_place place, uint64_t *ret_entry)
{
	uint64_t entry = 0;

	if (place.node == 0)
		return plan_tree_first(tree, lines, layout, type, root, ret_entry);
	start(tree, type, root);
	/* Down the same slots; where they lead elsewhere now, on from there. */
	for (uint32_t i = 0; i + 1 == tree->level_count && i < place.node && entry == 0; i++) {
		tree->level[i].slot = place_slot(place, i);
		if (i + 1 < place.node)
			TRY(look(tree, lines, layout, &entry));
	}
	if (entry == 0)
		return plan_tree_next(tree, lines, layout, ret_entry);
	tree->has_entry = true;
	*ret_entry = entry;
	return STATUS_OK;
}

/* ---- one entry */

/* The slot for `index`; the shift is a node's first byte (include/linux/xarray.h, 5.10 to 7.2). */
static status xarray_slot(struct plan_lines *lines, const struct slots *slots, uint64_t node, uint64_t index,
			  uint32_t *ret_slot)
{
	uint64_t shift;

	TRY(plan_lines_load(lines, node - INTERNAL, 1, &shift));
	if (shift >= 64 || slots->count == 0)
		return STATUS_END;
	/* Slots are a power of two; an index beyond the tree leads to a wrong entry at worst. */
	*ret_slot = (uint32_t)(index >> shift) & (slots->count - 1);
	return STATUS_OK;
}

/* The first whose pivot isn't below `index`. */
static status maple_slot(struct plan_lines *lines, const struct slots *slots, uint64_t index, uint32_t *ret_slot)
{
	uint64_t pivot;

	for (*ret_slot = 0; *ret_slot + 1 < slots->count; ++*ret_slot) {
		TRY(plan_lines_load(lines, slots->pivot + (uint64_t)*ret_slot * POINTER_SIZE, POINTER_SIZE, &pivot));
		if (pivot >= index || (pivot == 0 && *ret_slot > 0))
			return STATUS_OK;
	}
	return slots->count > 0 ? STATUS_OK : STATUS_END;
}

status plan_tree_find(struct plan_lines *lines, const struct plan_layout *layout, uint8_t type, uint64_t root,
		      uint64_t index, uint64_t *ret_entry)
{
	uint64_t entry = type == PLAN_MAPLE && xarray_is_node(root) ? root & ~(uint64_t)INTERNAL : root;
	bool is_node = xarray_is_node(root);
	uint32_t slot;

	for (uint32_t level = 0; is_node && level < PLAN_TREE_DEPTH_MAX; level++) {
		struct slots slots = node_slots(layout, type, entry);

		TRY(plan_lines_spend(lines));
		if (type == PLAN_XARRAY)
			TRY(xarray_slot(lines, &slots, entry, index, &slot));
		else
			TRY(maple_slot(lines, &slots, index, &slot));
		TRY(plan_lines_load(lines, slots.slot + (uint64_t)slot * POINTER_SIZE, POINTER_SIZE, &entry));
		is_node = type == PLAN_XARRAY ? xarray_is_node(entry) : !slots.is_leaf && entry != 0;
	}
	if (is_node || !is_pointer(entry))
		return STATUS_END;
	*ret_entry = entry;
	return STATUS_OK;
}

/* ---- red-black trees */

/* Down the left side. */
static status leftmost(struct plan_lines *lines, const struct plan_layout *layout, uint64_t node, uint64_t *ret_node)
{
	uint64_t left = node;

	for (int depth = 0; left != 0; depth++) {
		if (depth == RB_DEPTH_MAX)
			return STATUS_END;
		node = left;
		TRY(plan_lines_load(lines, node + layout->rb_left, POINTER_SIZE, &left));
	}
	*ret_node = node;
	return STATUS_OK;
}

status plan_rb_first(struct plan_lines *lines, const struct plan_layout *layout, uint64_t root, uint64_t *ret_node)
{
	return root == 0 ? STATUS_END : leftmost(lines, layout, root, ret_node);
}

status plan_rb_next(struct plan_lines *lines, const struct plan_layout *layout, uint64_t node, uint64_t *ret_node)
{
	uint64_t right, parent;

	TRY(plan_lines_load(lines, node + layout->rb_right, POINTER_SIZE, &right));
	if (right != 0)
		return leftmost(lines, layout, right, ret_node);
	/* Up, until it is from the left. */
	for (int depth = 0; depth < RB_DEPTH_MAX; depth++) {
		TRY(plan_lines_load(lines, node + layout->rb_parent, POINTER_SIZE, &parent));
		parent &= ~(uint64_t)RB_FLAGS;
		if (parent == 0)
			return STATUS_END;
		TRY(plan_lines_load(lines, parent + layout->rb_right, POINTER_SIZE, &right));
		if (right != node) {
			*ret_node = parent;
			return STATUS_OK;
		}
		node = parent;
	}
	return STATUS_END;
}
