/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netlink sockets and the resizable hash tables that hold them
 * (net/netlink/af_netlink.h, include/linux/rhashtable.h, rhashtable-types.h). */
#ifndef GUEST_PROC_TYPES_NETLINK_H
#define GUEST_PROC_TYPES_NETLINK_H

#include "guest/proc/types/sock.h"

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

struct netlink_table {
	struct rhashtable hash;
};

struct netlink_sock {
	struct sock sk;
	u32 portid;
	unsigned long *groups;
	bool cb_running;
	struct rhash_head node;
};

#include "guest/kernel/guestc-types-end.h"

/* MAX_LINKS of them, one for each protocol. */
extern struct netlink_table *nl_table;

#endif
