/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets of every family (include/net/sock.h, include/linux/net.h). */
#ifndef GUEST_PROC_TYPES_SOCK_H
#define GUEST_PROC_TYPES_SOCK_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/fs.h"
#include "guest/proc/types/list.h"
#include "guest/proc/types/net.h"
#include "guest/proc/types/time.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct sock;

struct sock_common {
	uint32_t skc_daddr, skc_rcv_saddr; /* big-endian */
	uint16_t skc_dport;                /* big-endian */
	uint16_t skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	int skc_bound_dev_if;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
	struct hlist_node skc_node;
	struct hlist_nulls_node skc_nulls_node;
	refcount_t skc_refcnt;
};

struct sk_buff_head {
	uint32_t qlen;
};

/* From 6.18: drops counted by NUMA node (include/net/sock.h). */
struct numa_drop_counters {
	atomic_t drops0, drops1;
};

struct socket;

struct sock {
	struct sock_common __sk_common;
	atomic_t sk_drops;
	struct numa_drop_counters *sk_drop_counters; /* from 6.18; may be NULL */
	struct {
		atomic_t rmem_alloc;
	} sk_backlog;
	refcount_t sk_wmem_alloc;
	struct sk_buff_head sk_receive_queue, sk_write_queue;
	struct timer_list sk_timer;             /* TCP keepalive before 6.19 */
	struct timer_list tcp_retransmit_timer; /* from 6.19 */
	uint32_t sk_ack_backlog, sk_max_ack_backlog;
	uint16_t sk_type, sk_protocol;
	kuid_t sk_uid;
	uint64_t sk_ino; /* from 6.18: the inode's number, 0 where orphaned */
	struct socket *sk_socket;
};

struct socket {
	short type;
	unsigned long flags;
	struct sock *sk;
};

/* Every struct socket is the first half of one of these. */
struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
};

#pragma clang attribute pop

#endif
