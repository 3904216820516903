/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees (include/linux/rbtree_types.h); lists are guestc.h's own. */
#ifndef GUEST_PROC_TYPES_LIST_H
#define GUEST_PROC_TYPES_LIST_H

#include "guest/kernel/guestc.h"

#include "guest/kernel/guestc-types-begin.h"

struct rb_node {
	struct rb_node *rb_right, *rb_left;
};

struct rb_root {
	struct rb_node *rb_node;
};

#include "guest/kernel/guestc-types-end.h"

#endif
