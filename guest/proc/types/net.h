/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network namespace (include/net/net_namespace.h, netns/core.h, ipv4.h,
 * ipv6.h, mib.h, packet.h, unix.h). */
#ifndef GUEST_PROC_TYPES_NET_H
#define GUEST_PROC_TYPES_NET_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/fs.h"
#include "guest/proc/types/snmp.h"
#include "guest/proc/types/xarray.h"

#include "guest/kernel/guestc-types-begin.h"

struct inet_hashinfo;
struct udp_table;

/* How many cached routes there are (include/net/dst_ops.h). */
struct dst_ops {
	struct percpu_counter pcpuc_entries;
};

struct rt6_statistics {
	u32 fib_nodes, fib_route_nodes, fib_rt_entries, fib_rt_cache, fib_discarded_routes;
	atomic_t fib_rt_alloc;
};

struct mr_table;
struct nf_logger;

struct netns_nf {
	struct nf_logger *nf_loggers[1]; /* as many as the kernel has: ask field_size() */
};

struct netns_sctp {
	struct sctp_mib *sctp_statistics; /* per-CPU */
};

struct fib6_info;
struct fib_rules_ops;
struct fib_table;
struct fqdir;
struct ipv4_devconf;
struct mpls_route;
struct sock;

/* Sockets in use, by struct proto's inuse_idx; one copy per CPU. */
struct prot_inuse {
	int all; /* from 5.17; before: netns_core.sock_inuse */
	int val[64];
};

struct netns_core {
	int *sock_inuse; /* per-CPU */
	struct prot_inuse *prot_inuse; /* per-CPU */
};

struct inet_timewait_death_row {
	struct inet_hashinfo *hashinfo;
	atomic_t tw_count; /* before 5.18 */
	refcount_t tw_refcount; /* from 5.18: one more than there are */
};

struct netns_ipv4 {
	struct inet_timewait_death_row tcp_death_row;
	struct udp_table *udp_table; /* from 6.2; before: the global udp_table */
	u8 sysctl_tcp_pingpong_thresh; /* from 6.8 */
	struct ipv4_devconf *devconf_all;
	struct fib_table *fib_main; /* where IP_MULTIPLE_TABLES is configured */
	struct hlist_head *fib_table_hash;
	struct fib_rules_ops *rules_ops; /* where IP_MULTIPLE_TABLES is configured */
	struct fqdir *fqdir;
	u8 sysctl_ip_default_ttl; /* an int before 5.10 */
	struct mr_table *mrt; /* where IP_MROUTE_MULTIPLE_TABLES isn't configured; else */
	struct list_head mr_tables;
};

struct netns_ipv6 {
	struct hlist_head *fib_table_hash;
	struct fib6_info *fib6_null_entry;
	struct rt6_statistics *rt6_stats;
	struct dst_ops ip6_dst_ops;
	struct mr_table *mrt6; /* as IPv4's */
	struct list_head mr6_tables;
	struct fib_rules_ops *fib6_rules_ops; /* where IPV6_MULTIPLE_TABLES is configured */
	struct fqdir *fqdir;
	struct hlist_head *inet6_addr_lst; /* from 5.18; before: the global inet6_addr_lst */
};

struct unix_table {
	struct hlist_head *buckets;
};

struct netns_unix {
	struct unix_table table; /* from 6.0; before: the global unix_socket_table */
};

struct netns_packet {
	struct hlist_head sklist;
};

struct netns_xdp {
	struct hlist_head list;
};

struct netns_mpls {
	size_t platform_labels;
	struct mpls_route **platform_label;
};

struct net {
	struct ns_common ns;
	struct list_head list; /* in net_namespace_list */
	u32 hash_mix; /* a random number of its own */
	struct proc_dir_entry *proc_net;
	struct list_head rules_ops; /* where FIB_RULES is configured */
	struct sock *rtnl; /* of NETLINK_ROUTE, the kernel's end */
	struct list_head dev_base_head;
	struct hlist_head *dev_index_head;
	struct xarray dev_by_index; /* from 6.6 */
	struct list_head ptype_all, ptype_specific; /* from 6.17; before: the global ptype_all */
	struct netns_core core;
	struct netns_mib mib;
	struct netns_packet packet;
	struct netns_unix unx;
	struct netns_ipv4 ipv4;
	struct netns_ipv6 ipv6;
	struct netns_nf nf; /* where NETFILTER is configured */
	struct netns_sctp sctp; /* where SCTP is configured */
	struct netns_xdp xdp; /* where XDP_SOCKETS is configured */
	struct netns_mpls mpls; /* where MPLS_ROUTING is configured, be it as a module */
};

#include "guest/kernel/guestc-types-end.h"

extern struct net init_net;

#endif
