/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4's routes (include/net/ip_fib.h, nexthop.h, dst.h, net/ipv4/fib_lookup.h,
 * fib_trie.c). */
#ifndef GUEST_PROC_TYPES_FIB_H
#define GUEST_PROC_TYPES_FIB_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/netdevice.h"

#include "guest/kernel/guestc-types-begin.h"

struct fib_table {
	struct hlist_node tb_hlist;
	u32 tb_id;
	unsigned long *tb_data; /* a struct trie; the local table may use main's */
};

/* A node of the trie. One with bits == 0 is a leaf, except the root, whose pos
 * is 32 and which has one child. */
struct key_vector {
	u32 key;
	unsigned char pos, bits;
	struct hlist_head leaf;
	struct key_vector *tnode[1]; /* 1 << bits of them */
};

/* What a node that isn't a leaf lies in. */
struct tnode {
	u32 empty_children, full_children;
	struct key_vector kv[1];
};

/* What lookups did, where IP_FIB_TRIE_STATS is configured; per CPU. */
struct trie_use_stats {
	unsigned int gets, backtrack, semantic_match_passed, semantic_match_miss, null_node_hit, resize_node_skipped;
};

struct trie {
	struct key_vector kv[1];
	struct trie_use_stats *stats;
};

struct fib_info;

/* A route of a leaf. */
struct fib_alias {
	struct hlist_node fa_list;
	struct fib_info *fa_info;
	u8 fa_type;
	u8 fa_slen; /* 32 − the prefix's length */
	u32 tb_id;
	u8 fa_tos; /* before 6.0; then */
	u8 fa_dscp;
};

struct dst_metrics {
	u32 metrics[17]; /* RTAX_… − 1 */
};

struct fib_nh_common {
	struct net_device *nhc_dev;
	u8 nhc_gw_family;
	unsigned char nhc_flags, nhc_scope;
	union {
		u32 ipv4; /* big-endian */
		struct in6_addr ipv6;
	} nhc_gw;
	int nhc_weight;
	struct lwtunnel_state *nhc_lwtstate; /* NULL: no tunnel */
};

struct fib_nh {
	struct fib_nh_common nh_common;
};

struct nh_info {
	struct fib_nh_common fib_nhc;
};

struct nexthop;

struct nh_grp_entry {
	struct nexthop *nh;
};

struct nh_group {
	u16 num_nh;
	bool mpath; /* before 5.13 */
	bool is_multipath; /* from 5.13 */
	struct nh_grp_entry nh_entries[1];
};

struct nexthop {
	u32 id;
	bool is_group;
	struct nh_info *nh_info; /* or, in a group, */
	struct nh_group *nh_grp;
};

struct fib_info {
	unsigned int fib_flags;
	unsigned char fib_protocol, fib_scope;
	__be32 fib_prefsrc;
	int fib_nhs;
	u32 fib_priority;
	struct dst_metrics *fib_metrics;
	struct nexthop *nh; /* else fib_nh */
	struct fib_nh fib_nh[1];
};

#include "guest/kernel/guestc-types-end.h"

#endif
