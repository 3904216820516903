/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Going over trees without recursion: those with slots (xarray, maple) by a stack
 * of slots, red-black ones by their parents. Internal to guest/memory. */
#ifndef GUEST_MEMORY_PLAN_TREE_H
#define GUEST_MEMORY_PLAN_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/memory/plan-lines.h"
#include "guest/memory/plan.h"

enum {
	/* 64 bits of index at 6 bits a level are 11; kernels' trees have far fewer. */
	PLAN_TREE_DEPTH_MAX = 10,
	PLAN_TREE_SLOT_BITS = 6,
};

struct plan_tree {
	uint8_t type; /* PLAN_XARRAY or PLAN_MAPLE */
	uint8_t level_count;
	bool has_entry; /* the last level's slot before the next one holds the entry that came last */
	struct {
		uint64_t node; /* as its parent's slot has it */
		uint8_t slot; /* the next one to look at */
	} level[PLAN_TREE_DEPTH_MAX];
};

/* Statuses as plan-lines.h's, and STATUS_END: nothing more. */

/* Start at the root's entry `root`. Where the root is an entry itself, that comes first. */
MUST_USE status plan_tree_first(struct plan_tree *tree, struct plan_lines *lines, const struct plan_layout *layout,
				uint8_t type, uint64_t root, uint64_t *ret_entry);
MUST_USE status plan_tree_next(struct plan_tree *tree, struct plan_lines *lines, const struct plan_layout *layout,
			       uint64_t *ret_entry);
/* The entry for one index, by itself. */
MUST_USE status plan_tree_find(struct plan_lines *lines, const struct plan_layout *layout, uint8_t type, uint64_t root,
			       uint64_t index, uint64_t *ret_entry);
/* The place of the entry that came last, and back to it or what follows. */
struct plan_place plan_tree_place(const struct plan_tree *tree);
MUST_USE status plan_tree_resume(struct plan_tree *tree, struct plan_lines *lines, const struct plan_layout *layout,
				 uint8_t type, uint64_t root, struct plan_place place, uint64_t *ret_entry);

/* Red-black trees: the first node in order, and the one behind `node`. */
MUST_USE status plan_rb_first(struct plan_lines *lines, const struct plan_layout *layout, uint64_t root,
			      uint64_t *ret_node);
MUST_USE status plan_rb_next(struct plan_lines *lines, const struct plan_layout *layout, uint64_t node,
			     uint64_t *ret_node);

#endif
