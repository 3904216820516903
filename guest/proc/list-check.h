/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest C: is what says that it is in a list really there? */
#ifndef GUEST_PROC_LIST_CHECK_H
#define GUEST_PROC_LIST_CHECK_H

#include "guest/kernel/guestc.h"
#include "guest/proc/row-loop.h"
#include "guest/proc/types/list.h"

/* Does one of the lists from `first` to `last` (an array of heads) lead to the node? Told by going back from it, where
 * each must lead to where we came from. A kernel takes the node's own word for it (list_empty()): who forges that could
 * hide an object from the walk over the list and from the one that leaves out what is in the list. */
static inline bool list_leads_to(const struct list_head *first, const struct list_head *last,
				 const struct list_head *node)
{
	struct guest_bound bound = GUEST_BOUND(GUEST_WALK_STEPS_MAX, "nodes of a list");
	struct row_loop loop = ROW_LOOP;

	do {
		const struct list_head *before = READ_ONCE(node->prev);

		guest_bound(&bound);
		row_loop_check(&loop, node);
		if (before == NULL || READ_ONCE(before->next) != node)
			return false;
		node = before;
	} while ((u64)node < (u64)first || (u64)node > (u64)last);
	return true;
}

#endif
