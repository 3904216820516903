/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets of every family (include/net/sock.h, include/linux/net.h). */
#ifndef GUEST_PROC_TYPES_SOCK_H
#define GUEST_PROC_TYPES_SOCK_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/cgroup.h"
#include "guest/proc/types/fs.h"
#include "guest/proc/types/net.h"
#include "guest/proc/types/time.h"

#include "guest/kernel/guestc-types-begin.h"

struct sock;

struct sock_common {
	__be32 skc_daddr, skc_rcv_saddr;
	__be16 skc_dport;
	u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	int skc_bound_dev_if;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
	struct hlist_node skc_node, skc_bind_node;
	struct hlist_nulls_node skc_nulls_node;
	refcount_t skc_refcnt;
	atomic64_t skc_cookie; /* 0: nobody has asked for it yet */
	unsigned char skc_ipv6only : 1;
	struct sock *skc_listener; /* of a connection request */
};

struct sk_buff {
	struct sk_buff *next;
	struct sock *sk;
	unsigned int len;
	char cb[48];
};

struct sk_buff_head {
	struct sk_buff *next; /* the head itself where it is empty */
	u32 qlen;
};

/* Newer kernels count the drops of busy sockets by NUMA node. */
struct numa_drop_counters {
	atomic_t drops0, drops1;
};

/* Programs that see what a socket receives (include/linux/filter.h). */
struct sock_filter;

struct sock_fprog_kern {
	u16 len; /* instructions */
	struct sock_filter *filter;
};

struct bpf_prog {
	struct sock_fprog_kern *orig_prog; /* as it was given; NULL: it was BPF from the first */
};

struct sk_filter {
	struct bpf_prog *prog;
};

struct socket;
struct dst_entry;

struct sock {
	struct sock_common __sk_common;
	atomic_t sk_drops;
	struct numa_drop_counters *sk_drop_counters; /* newer kernels; may be NULL */
	struct {
		atomic_t rmem_alloc;
		int len;
	} sk_backlog;
	refcount_t sk_wmem_alloc;
	struct sk_buff_head sk_receive_queue, sk_write_queue;
	struct timer_list sk_timer;
	struct timer_list tcp_retransmit_timer; /* newer kernels; older: icsk_timeout */
	u32 sk_ack_backlog, sk_max_ack_backlog;
	u16 sk_type, sk_protocol;
	kuid_t sk_uid;
	u32 sk_mark, sk_priority;
	int sk_rcvbuf, sk_sndbuf, sk_forward_alloc, sk_wmem_queued;
	atomic_t sk_omem_alloc;
	unsigned int sk_shutdown : 32; /* a bit-field of two bits in older kernels */
	struct sock_cgroup_data sk_cgrp_data; /* where SOCK_CGROUP_DATA is configured */
	unsigned long sk_pacing_rate, sk_max_pacing_rate;
	struct dst_entry *sk_dst_cache;
	struct sk_filter *sk_filter;
	u64 sk_ino; /* newer kernels: the inode's number, 0 where orphaned */
	struct socket *sk_socket;
};

struct proto_ops {
	const void *show_fdinfo;
};

struct socket {
	short type;
	unsigned long flags;
	struct sock *sk;
	const struct proto_ops *ops;
};

/* Every struct socket is the first half of one of these. */
struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
};

#include "guest/kernel/guestc-types-end.h"

#endif
