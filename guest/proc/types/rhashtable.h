/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resizable hash tables (include/linux/rhashtable.h, rhashtable-types.h). */
#ifndef GUEST_PROC_TYPES_RHASHTABLE_H
#define GUEST_PROC_TYPES_RHASHTABLE_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

/* A chain ends with an odd number instead of NULL. */
struct rhash_head {
	struct rhash_head *next;
};

struct bucket_table {
	unsigned int size;
	unsigned int nest; /* not 0: `buckets` is the root of a tree of tables */
	struct bucket_table *future_tbl;
	unsigned long buckets[1]; /* bit 0: the bucket's lock */
};

struct rhashtable {
	struct bucket_table *tbl;
	atomic_t nelems;
};

/* Elements of one key: the first is in the chain, the others follow it here. */
struct rhlist_head {
	struct rhash_head rhead;
	struct rhlist_head *next;
};

struct rhltable {
	struct rhashtable ht;
};

#include "guest/kernel/guestc-types-end.h"

#endif
