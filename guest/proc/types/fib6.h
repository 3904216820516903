/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6's routes (include/net/ip6_fib.h) and the rules of both (include/net/fib_rules.h,
 * net/ipv4/fib_rules.c, net/ipv6/fib6_rules.c). */
#ifndef GUEST_PROC_TYPES_FIB6_H
#define GUEST_PROC_TYPES_FIB6_H

#include "guest/proc/types/fib.h"

#include "guest/kernel/guestc-types-begin.h"

struct rt6key {
	struct in6_addr addr;
	int plen;
};

struct fib6_nh {
	struct fib_nh_common nh_common;
};

struct fib6_table {
	struct hlist_node tb6_hlist;
	u32 tb6_id;
	struct {
		struct fib6_node *parent; /* a struct fib6_node: its first field */
	} tb6_root;
};

struct fib6_info {
	struct fib6_table *fib6_table;
	struct fib6_info *fib6_next;
	struct list_head fib6_siblings;
	unsigned int fib6_nsiblings;
	unsigned long expires;
	struct dst_metrics *fib6_metrics;
	refcount_t fib6_ref;
	struct rt6key fib6_dst, fib6_src, fib6_prefsrc;
	u32 fib6_flags, fib6_metric;
	u8 fib6_protocol, fib6_type;
	struct nexthop *nh;
	struct fib6_nh fib6_nh[1];
};

struct fib6_node {
	struct fib6_node *parent, *left, *right;
	struct fib6_node *subtree; /* where IPV6_SUBTREES is configured */
	struct fib6_info *leaf;
	u16 fn_flags;
};

struct fib_rule_port_range {
	u16 start, end;
};

struct fib_kuid_range {
	kuid_t start, end;
};

struct fib_rule {
	struct list_head list;
	int iifindex, oifindex;
	u32 mark, mark_mask, flags, table, target, pref;
	u8 action, l3mdev, proto, ip_proto;
	void *ctarget;
	int suppress_ifgroup, suppress_prefixlen;
	char iifname[16], oifname[16];
	struct fib_kuid_range uid_range;
	struct fib_rule_port_range sport_range, dport_range;
	u16 sport_mask, dport_mask; /* from 6.15 */
	u64 tun_id; /* big-endian */
};

struct fib4_rule {
	struct fib_rule common;
	u8 dst_len, src_len;
	u8 tos; /* before 5.18; since: */
	u8 dscp, dscp_full : 8; /* dscp_full from 6.12 */
	u8 dscp_mask; /* from 6.15 */
	__be32 src, dst;
	u32 tclassid; /* where IP_ROUTE_CLASSID is configured */
};

struct fib6_rule {
	struct fib_rule common;
	struct rt6key src, dst;
	u8 tclass; /* before 5.18; since, as IPv4's: */
	u8 dscp, dscp_full : 8, dscp_mask;
	__be32 flowlabel, flowlabel_mask; /* from 6.14 */
};

struct fib_rules_ops {
	int family;
	struct list_head list;
	struct list_head rules_list;
};

#include "guest/kernel/guestc-types-end.h"

#endif
