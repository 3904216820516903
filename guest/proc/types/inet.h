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

struct ipv6_pinfo {
	u8 tclass;
};

struct inet_sock {
	struct sock sk;
	struct ipv6_pinfo *pinet6; /* of sockets of AF_INET6 */
	__be16 inet_sport;
	u8 tos;
	u8 recverr : 1, is_icsk : 1, freebind : 1, hdrincl : 1, mc_loop : 1, transparent : 1, mc_all : 1, nodefrag : 1;
	u8 bind_address_no_port : 1, recverr_rfc4884 : 1, defer_connect : 1;
	unsigned long inet_flags; /* from 6.6, instead of the bits */
};

struct fastopen_queue {
	int max_qlen;
};

struct request_sock_queue {
	struct fastopen_queue fastopenq;
};

struct tcp_congestion_ops;
struct tcp_ulp_ops;

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct request_sock_queue icsk_accept_queue;
	unsigned long icsk_timeout; /* older kernels; newer: sk.tcp_retransmit_timer */
	struct timer_list icsk_keepalive_timer; /* newer kernels; older: sk.sk_timer */
	u32 icsk_rto;
	u8 icsk_retransmits, icsk_pending, icsk_probes_out, icsk_backoff;
	u8 icsk_ca_state : 5;
	u32 icsk_rto_min, icsk_delack_max, icsk_pmtu_cookie;
	const struct tcp_congestion_ops *icsk_ca_ops;
	const struct tcp_ulp_ops *icsk_ulp_ops;
	void *icsk_ulp_data;
	struct {
		u8 quick, pingpong;
		u32 lrcvtime;
		u16 rcv_mss;
		u32 ato : 8; /* a whole word in older kernels */
	} icsk_ack;
};

struct tcp_options_received {
	u16 tstamp_ok : 1, wscale_ok : 1, sack_ok : 3, snd_wscale : 4, rcv_wscale : 4;
};

struct minmax_sample {
	u32 t, v;
};

struct minmax {
	struct minmax_sample s[3];
};

struct tcp_md5sig_info;

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	u32 rcv_nxt, copied_seq, write_seq, snd_una;
	u32 snd_cwnd, snd_ssthresh;
	u32 snd_nxt, snd_wnd, rcv_wnd, rcv_ssthresh, mss_cache, reordering;
	u32 packets_out, sacked_out, lost_out, retrans_out, total_retrans;
	u32 lsndtime, rcv_tstamp, srtt_us, mdev_us;
	struct minmax rtt_min;
	struct {
		u32 rtt_us;
	} rcv_rtt_est;
	struct {
		int space; /* a u32 in old kernels */
	} rcvq_space;
	struct tcp_options_received rx_opt;
	u8 ecn_flags;
	u16 advmss;
	u8 syn_data_acked : 1, rate_app_limited : 1, fastopen_client_fail : 2;
	u8 chrono_type : 8; /* a bit-field of two bits before 7.0 */
	u32 chrono_start, chrono_stat[3];
	u32 segs_out, segs_in, data_segs_in, data_segs_out, delivered, delivered_ce, rate_delivered, rate_interval_us;
	u64 bytes_acked, bytes_received, bytes_sent, bytes_retrans;
	u32 dsack_dups, reord_seen, rcv_ooopack;
	u16 timeout_rehash;
	u32 plb_rehash; /* from 6.2 */
	u8 tcp_usec_ts : 1; /* from 6.7, as what follows */
	u16 total_rto, total_rto_recoveries;
	u32 total_rto_time, rto_stamp;
	u8 syn_fastopen_child : 1; /* from 6.18, as what follows */
	u8 accecn_fail_mode : 4, saw_accecn_opt : 2;
	u32 received_ce, delivered_ecn_bytes[3], received_ecn_bytes[3];
	struct tcp_md5sig_info *md5sig_info; /* where TCP_MD5SIG is configured */
};

struct request_sock {
	struct sock_common __req_common;
	u8 num_timeout : 7, num_retrans;
	struct timer_list rsk_timer;
};

struct inet_request_sock {
	struct request_sock req;
	u32 ir_mark;
};

struct inet_timewait_sock {
	struct sock_common __tw_common;
	volatile unsigned char tw_substate;
	__be16 tw_sport;
	u32 tw_mark;
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
