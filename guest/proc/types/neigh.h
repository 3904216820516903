/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Neighbours: ARP's entries (include/net/neighbour.h, net/neighbour_tables.h). */
#ifndef GUEST_PROC_TYPES_NEIGH_H
#define GUEST_PROC_TYPES_NEIGH_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/netdevice.h"

#include "guest/kernel/guestc-types-begin.h"

struct neighbour {
	struct neighbour *next; /* before 6.13 */
	struct hlist_node hash; /* from 6.13 */
	unsigned long confirmed, updated, used; /* jiffies */
	refcount_t refcnt;
	atomic_t probes;
	u32 flags : 32; /* a byte before 5.16 */
	u8 nud_state, type, protocol;
	unsigned char ha[32];
	struct net_device *dev;
	u8 primary_key[4]; /* or 16 */
};

struct neigh_hash_table {
	struct neighbour **hash_buckets; /* before 6.13 */
	struct hlist_head *hash_heads; /* from 6.13 */
	unsigned int hash_shift;
};

/* An address that is answered for. */
struct pneigh_entry {
	struct pneigh_entry *next;
	possible_net_t net;
	struct net_device *dev;
	u32 flags : 32; /* a byte before 5.16 */
	u8 protocol;
	u32 key[1];
};

/* Per CPU. */
struct neigh_statistics {
	unsigned long allocs, destroys, hash_grows, res_failed, lookups, hits, rcv_probes_mcast, rcv_probes_ucast;
	unsigned long periodic_gc_runs, forced_gc_runs, unres_discards, table_fulls;
};

struct neigh_table {
	atomic_t entries;
	struct neigh_statistics *stats;
	struct neigh_hash_table *nht;
	struct pneigh_entry **phash_buckets;
};

#include "guest/kernel/guestc-types-end.h"

extern struct neigh_table arp_tbl, nd_tbl;

#endif
