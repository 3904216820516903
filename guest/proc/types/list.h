/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's lists and trees (include/linux/types.h, list_nulls.h,
 * rbtree_types.h). */
#ifndef GUEST_PROC_TYPES_LIST_H
#define GUEST_PROC_TYPES_LIST_H

#include "guest/kernel/guestc.h" /* list_head, hlist_*, hlist_nulls_* */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct rb_node {
	unsigned long __rb_parent_color;
	struct rb_node *rb_right, *rb_left;
};

struct rb_root {
	struct rb_node *rb_node;
};

#pragma clang attribute pop

#endif
