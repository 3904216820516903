/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trie of IPv4's routes (net/ipv4/fib_trie.c). Guest C. */
#ifndef GUEST_PROC_FIB_H
#define GUEST_PROC_FIB_H

#include "guest/proc/types/fib.h"

enum {
	/* FIB_TABLE_HASHSZ (net/ip_fib.h) with and without policy routing. */
	FIB_LIST_COUNT = 256,
	FIB_LIST_COUNT_SIMPLE = 2,
	FIB_KEY_BITS = 32,
};

/* Lists of tables that a namespace has (netns_ipv4.fib_table_hash). */
GUEST_C u32 fib_list_count(void);

/* Call visit(context, …) for each node of a table's trie, by key, a node before those below it; one with
 * bits == 0 is a leaf. `depth`: how many nodes lie above it, the root apart. */
GUEST_C void fib_trie_walk(const struct fib_table *table,
			   void (*visit)(void *context, const struct key_vector *vector, u32 depth), void *context);

/* The first next hop of a route; NULL: an empty group (fib_info_nhc()). */
GUEST_C const struct fib_nh_common *fib_first_hop(const struct fib_info *info);

#endif
