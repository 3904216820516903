/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Neighbours: ARP's entries (include/net/neighbour.h, net/neighbour_tables.h). */
#ifndef GUEST_PROC_TYPES_NEIGH_H
#define GUEST_PROC_TYPES_NEIGH_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/list.h"
#include "guest/proc/types/netdevice.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct neighbour {
	struct neighbour *next; /* before 6.13 */
	struct hlist_node hash; /* from 6.13 */
	uint8_t nud_state;
	unsigned char ha[32];
	struct net_device *dev;
	uint8_t primary_key[4];
};

struct neigh_hash_table {
	struct neighbour **hash_buckets; /* before 6.13 */
	struct hlist_head *hash_heads;   /* from 6.13 */
	unsigned int hash_shift;
};

/* An address that is answered for. */
struct pneigh_entry {
	struct pneigh_entry *next;
	possible_net_t net;
	struct net_device *dev;
	uint32_t key[1];
};

struct neigh_table {
	struct neigh_hash_table *nht;
	struct pneigh_entry **phash_buckets;
};

#pragma clang attribute pop

extern struct neigh_table arp_tbl;

#endif
