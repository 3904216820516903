/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP, UDP and raw sockets and their hash tables (include/net/inet_sock.h,
 * inet_connection_sock.h, inet_hashtables.h, inet_timewait_sock.h,
 * request_sock.h, udp.h, raw.h, include/linux/tcp.h, udp.h). */
#ifndef GUEST_PROC_TYPES_INET_H
#define GUEST_PROC_TYPES_INET_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/list.h"
#include "guest/proc/types/sock.h"
#include "guest/proc/types/time.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct inet_sock {
	struct sock sk;
	uint16_t inet_sport; /* big-endian */
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
	unsigned long icsk_timeout;             /* before 6.19; then sk.tcp_retransmit_timer */
	struct timer_list icsk_keepalive_timer; /* from 6.19 or a backport of it; before: sk.sk_timer */
	uint32_t icsk_rto;
	uint8_t icsk_retransmits, icsk_pending, icsk_probes_out;
	struct {
		uint8_t quick, pingpong;
		uint32_t ato : 8; /* a whole word before 6.7 */
	} icsk_ack;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	uint32_t rcv_nxt, copied_seq, write_seq, snd_una;
	uint32_t snd_cwnd, snd_ssthresh;
};

struct request_sock {
	struct sock_common __req_common;
	uint8_t num_timeout : 7;
	struct timer_list rsk_timer;
};

struct inet_timewait_sock {
	struct sock_common __tw_common;
	volatile unsigned char tw_substate;
	uint16_t tw_sport; /* big-endian */
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
	struct inet_listen_hashbucket listening_hash[32]; /* before 5.19; INET_LHTABLE_SIZE */
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

struct raw_hashinfo {
	struct hlist_head ht[256]; /* RAW_HTABLE_SIZE: MAX_INET_PROTOS */
};

#pragma clang attribute pop

#endif
