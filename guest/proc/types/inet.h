/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP, UDP and raw sockets and their hash tables (include/net/inet_sock.h,
 * inet_connection_sock.h, inet_hashtables.h, inet_timewait_sock.h,
 * request_sock.h, udp.h, raw.h, include/linux/tcp.h, udp.h). */
#ifndef GUEST_PROC_TYPES_INET_H
#define GUEST_PROC_TYPES_INET_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/sock.h"
#include "guest/proc/types/time.h"

#include "guest/kernel/guestc-types-begin.h"

struct inet_sock {
	struct sock sk;
	__be16 inet_sport;
};

struct fastopen_queue {
	int max_qlen;
};

struct request_sock_queue {
	struct fastopen_queue fastopenq;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct request_sock_queue icsk_accept_queue;
	unsigned long icsk_timeout; /* older kernels; newer: sk.tcp_retransmit_timer */
	struct timer_list icsk_keepalive_timer; /* newer kernels; older: sk.sk_timer */
	u32 icsk_rto;
	u8 icsk_retransmits, icsk_pending, icsk_probes_out;
	struct {
		u8 quick, pingpong;
		u32 ato : 8; /* a whole word in older kernels */
	} icsk_ack;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	u32 rcv_nxt, copied_seq, write_seq, snd_una;
	u32 snd_cwnd, snd_ssthresh;
};

struct request_sock {
	struct sock_common __req_common;
	u8 num_timeout : 7;
	struct timer_list rsk_timer;
};

struct inet_timewait_sock {
	struct sock_common __tw_common;
	volatile unsigned char tw_substate;
	__be16 tw_sport;
	struct timer_list tw_timer;
};

struct inet_listen_hashbucket {
	struct hlist_nulls_head nulls_head;
};

struct inet_ehash_bucket {
	struct hlist_nulls_head chain;
};

struct inet_hashinfo {
	struct inet_ehash_bucket *ehash;
	unsigned int ehash_mask;
	unsigned int lhash2_mask;
	struct inet_listen_hashbucket *lhash2;
	struct inet_listen_hashbucket listening_hash[32]; /* older kernels; newer: lhash2 */
};

struct udp_sock {
	struct inet_sock inet;
	int forward_deficit;
};

struct udp_hslot {
	struct hlist_head head;
};

struct udp_table {
	struct udp_hslot *hash;
	unsigned int mask;
};

/* The chains of "ping sockets" end with NULL or, in older kernels, an odd number. */
struct ping_table {
	struct hlist_head hash[64]; /* PING_HTABLE_SIZE */
};

struct raw_hashinfo {
	struct hlist_head ht[256]; /* RAW_HTABLE_SIZE: MAX_INET_PROTOS */
};

#include "guest/kernel/guestc-types-end.h"

/* The tables of the initial network namespace. */
extern struct inet_hashinfo tcp_hashinfo;
extern struct udp_table udp_table, udplite_table;
extern struct ping_table ping_table;
extern struct raw_hashinfo raw_v4_hashinfo, raw_v6_hashinfo;

#endif
