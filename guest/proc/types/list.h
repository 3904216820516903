/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's lists and trees (include/linux/types.h, list_nulls.h,
 * rbtree_types.h). */
#ifndef GUEST_PROC_TYPES_LIST_H
#define GUEST_PROC_TYPES_LIST_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

/* A list whose end is not NULL but an odd number. */
struct hlist_nulls_node {
	struct hlist_nulls_node *next, **pprev;
};

struct hlist_nulls_head {
	struct hlist_nulls_node *first;
};

struct rb_node {
	unsigned long __rb_parent_color;
	struct rb_node *rb_right, *rb_left;
};

struct rb_root {
	struct rb_node *rb_node;
};

#pragma clang attribute pop

#endif
