/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What TCP measures of a connection: tcp_get_info() (net/ipv4/tcp.c, 5.10 to 7.2), and what
 * inet_diag adds to it (inet_sk_diag_fill(), net/ipv4/inet_diag.c; tcp_diag.c).
 */
#include "guest/ask/tcp-info.h"

#include "guest/proc/cpus.h"
#include "guest/proc/mention.h"
#include "guest/proc/symbols.h"
#include "guest/proc/types/tcp.h"

enum {
	/* INET_DIAG_… (uapi/linux/inet_diag.h) */
	ATTRIBUTE_INFO = 2,
	ATTRIBUTE_CONGESTION = 4,
	ATTRIBUTE_ULP = 19,
	ULP_NAME = 1, /* INET_ULP_INFO_NAME */
	STATE_TIME_WAIT = 6,
	NAME_SIZE = 16, /* TCP_CA_NAME_MAX, TCP_ULP_NAME_MAX (net/tcp.h) */
	USEC_PER_SEC = 1000000,
	MSEC_PER_SEC = 1000,
	NSEC_PER_SEC = 1000000000,
	NSEC_PER_MSEC = 1000000,
	/* TCPI_OPT_… (uapi/linux/tcp.h) */
	OPTION_TIMESTAMPS = 1,
	OPTION_SACK = 2,
	OPTION_WSCALE = 4,
	OPTION_ECN = 8,
	OPTION_ECN_SEEN = 16,
	OPTION_SYN_DATA = 32,
	OPTION_USEC_TS = 64,
	OPTION_TFO_CHILD = 128,
	/* TCP_ECN_… (net/tcp.h) */
	ECN_OK = 1,
	ECN_SEEN = 8,
	ECN_ACCURATE = 16, /* new ones: TCP_ECN_MODE_ACCECN */
	/* TCP_CHRONO_… (linux/tcp.h) */
	CHRONO_COUNT = 3,
	CHRONO_WINDOW = 2,
	CHRONO_BUFFER = 3,
	/* RTAX_… − 1 (uapi/linux/rtnetlink.h) */
	METRIC_LOCK = 1 - 1,
	METRIC_RTO_MIN = 13 - 1,
};

/* struct tcp_info of 7.2 (uapi/linux/tcp.h). It only ever grows: older ones are the beginning of it. */
struct tcp_report {
	u8 state, ca_state, retransmits, probes, backoff, options, window_scales, flags;
	u32 rto, ato, snd_mss, rcv_mss;
	u32 unacked, sacked, lost, retrans, fackets;
	u32 last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
	u32 pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering, rcv_rtt, rcv_space,
		total_retrans;
	u64 pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
	u32 segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
	u64 delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
	u32 delivered, delivered_ce;
	u64 bytes_sent, bytes_retrans;
	u32 dsack_dups, reord_seen, rcv_ooopack, snd_wnd, rcv_wnd, rehash;
	u16 total_rto, total_rto_recoveries;
	u32 total_rto_time, received_ce;
	u32 delivered_e1_bytes, delivered_e0_bytes, delivered_ce_bytes, received_e1_bytes, received_e0_bytes,
		received_ce_bytes;
	u32 ecn;
};

static_assert(sizeof(struct tcp_report) == 280, "struct tcp_info");

extern char tcp_get_info[], tcp_delack_max[];

void tcp_clock_init(struct tcp_clock *clock)
{
	ticks_read(&clock->ticks);
	clock->now_ns = (u64)timekeeper_monotonic(timekeeper_core());
	clock->per_second = (NSEC_PER_SEC + clock->ticks.tick_ns / 2) / clock->ticks.tick_ns;
	clock->delay_is_bounded = symbol_exists(tcp_delack_max) && code_refers_to(tcp_get_info, tcp_delack_max);
}

static u32 to_usec(const struct tcp_clock *clock, u64 ticks)
{
	return (u32)(ticks * USEC_PER_SEC / clock->per_second);
}

static u32 msec_since(const struct tcp_clock *clock, u32 then)
{
	return (u32)((u64)((u32)clock->ticks.now - then) * MSEC_PER_SEC / clock->per_second);
}

/* tcp_rto_min(), in ticks; a route may have its own, which is in milliseconds. */
static u32 least_timeout(const struct tcp_clock *clock, const struct tcp_sock *tcp)
{
	const struct dst_entry *route = ((const struct sock *)tcp)->sk_dst_cache;
	const u32 *metrics = route != NULL ? (const u32 *)(route->_metrics & ~3ull) : NULL;

	if (metrics == NULL || (metrics[METRIC_LOCK] >> (METRIC_RTO_MIN + 1) & 1) == 0)
		return tcp->inet_conn.icsk_rto_min;
	return (u32)((metrics[METRIC_RTO_MIN] * clock->per_second + MSEC_PER_SEC - 1) / MSEC_PER_SEC);
}

/* As long as an acknowledgement is put off: not longer than tcp_delack_max() in newer kernels. */
static u32 delay(const struct tcp_clock *clock, const struct tcp_sock *tcp)
{
	u32 ato = tcp->inet_conn.icsk_ack.ato;

	if (!clock->delay_is_bounded)
		return ato;
	ato = min(ato, tcp->inet_conn.icsk_delack_max);
	return min(ato, max(least_timeout(clock, tcp), 2u) - 1);
}

static void set_options(struct tcp_report *report, const struct tcp_sock *tcp)
{
	u32 options = 0, ecn = tcp->ecn_flags;

	options |= tcp->rx_opt.tstamp_ok ? OPTION_TIMESTAMPS : 0;
	options |= tcp->rx_opt.sack_ok ? OPTION_SACK : 0;
	if (tcp->rx_opt.wscale_ok) {
		options |= OPTION_WSCALE;
		report->window_scales = (u8)(tcp->rx_opt.snd_wscale | tcp->rx_opt.rcv_wscale << 4);
	}
	if (field_exists(struct tcp_sock, accecn_fail_mode))
		options |= (ecn & (ECN_OK | ECN_ACCURATE)) != 0 ? OPTION_ECN : 0;
	else
		options |= (ecn & ECN_OK) != 0 ? OPTION_ECN : 0;
	options |= (ecn & ECN_SEEN) != 0 ? OPTION_ECN_SEEN : 0;
	options |= tcp->syn_data_acked ? OPTION_SYN_DATA : 0;
	if (field_exists(struct tcp_sock, tcp_usec_ts))
		options |= tcp->tcp_usec_ts ? OPTION_USEC_TS : 0;
	if (field_exists(struct tcp_sock, syn_fastopen_child))
		options |= tcp->syn_fastopen_child ? OPTION_TFO_CHILD : 0;
	report->options = (u8)options;
	report->flags = (u8)((tcp->rate_app_limited ? 1 : 0) | tcp->fastopen_client_fail << 1);
}

static void set_times(struct tcp_report *report, const struct tcp_clock *clock, const struct tcp_sock *tcp)
{
	const struct inet_connection_sock *connection = &tcp->inet_conn;

	report->rto = to_usec(clock, connection->icsk_rto);
	report->ato = to_usec(clock, delay(clock, tcp));
	report->last_data_sent = msec_since(clock, tcp->lsndtime);
	report->last_data_recv = msec_since(clock, connection->icsk_ack.lrcvtime);
	report->last_ack_recv = msec_since(clock, tcp->rcv_tstamp);
	report->rtt = tcp->srtt_us >> 3;
	report->rttvar = tcp->mdev_us >> 2;
	report->rcv_rtt = tcp->rcv_rtt_est.rtt_us >> 3;
	report->min_rtt = ((const struct minmax_sample *)tcp->rtt_min.s)->v;
}

static void set_segments(struct tcp_report *report, const struct tcp_sock *tcp)
{
	report->unacked = tcp->packets_out;
	report->sacked = tcp->sacked_out;
	report->lost = tcp->lost_out;
	report->retrans = tcp->retrans_out;
	report->total_retrans = tcp->total_retrans;
	report->segs_out = tcp->segs_out;
	report->segs_in = tcp->segs_in;
	report->data_segs_in = tcp->data_segs_in;
	report->data_segs_out = tcp->data_segs_out;
	report->delivered = tcp->delivered;
	report->delivered_ce = tcp->delivered_ce;
	report->dsack_dups = tcp->dsack_dups;
	report->reord_seen = tcp->reord_seen;
	report->rcv_ooopack = tcp->rcv_ooopack;
}

static void set_bytes(struct tcp_report *report, const struct tcp_sock *tcp)
{
	s32 unsent = (s32)(tcp->write_seq - tcp->snd_nxt);
	u32 rate = tcp->rate_delivered, interval = tcp->rate_interval_us;

	report->snd_mss = tcp->mss_cache;
	report->rcv_mss = tcp->inet_conn.icsk_ack.rcv_mss;
	report->pmtu = tcp->inet_conn.icsk_pmtu_cookie;
	report->rcv_ssthresh = tcp->rcv_ssthresh;
	report->snd_ssthresh = tcp->snd_ssthresh;
	report->advmss = tcp->advmss;
	report->rcv_space = (u32)tcp->rcvq_space.space;
	report->bytes_acked = tcp->bytes_acked;
	report->bytes_received = tcp->bytes_received;
	report->notsent_bytes = unsent > 0 ? (u32)unsent : 0;
	report->bytes_sent = tcp->bytes_sent;
	report->bytes_retrans = tcp->bytes_retrans;
	report->snd_wnd = tcp->snd_wnd;
	report->rcv_wnd = tcp->rcv_wnd;
	if (rate != 0 && interval != 0)
		report->delivery_rate = (u64)rate * tcp->mss_cache * USEC_PER_SEC / interval;
}

/* tcp_get_info_chrono_stats() */
static void set_limits(struct tcp_report *report, const struct tcp_clock *clock, const struct tcp_sock *tcp)
{
	const u32 *counted = tcp->chrono_stat;
	u64 spent[CHRONO_COUNT + 1] = {};

	for (u32 i = 1; i <= CHRONO_COUNT; i++) {
		u64 ticks = counted[i - 1];

		if (i == tcp->chrono_type)
			ticks += (u32)clock->ticks.now - tcp->chrono_start;
		spent[i] = ticks * (USEC_PER_SEC / clock->per_second);
	}
	report->busy_time = spent[1] + spent[CHRONO_WINDOW] + spent[CHRONO_BUFFER];
	report->rwnd_limited = spent[CHRONO_WINDOW];
	report->sndbuf_limited = spent[CHRONO_BUFFER];
}

/* What came after 5.10. */
static void set_newer(struct tcp_report *report, const struct tcp_clock *clock, const struct tcp_sock *tcp)
{
	report->rehash = tcp->timeout_rehash;
	if (field_exists(struct tcp_sock, plb_rehash))
		report->rehash += tcp->plb_rehash;
	if (!field_exists(struct tcp_sock, total_rto))
		return;
	report->total_rto = tcp->total_rto;
	report->total_rto_recoveries = tcp->total_rto_recoveries;
	report->total_rto_time = tcp->total_rto_time;
	/* tcp_clock_ms(): of the last update, as all times that we tell. */
	if (tcp->rto_stamp != 0)
		report->total_rto_time += (u32)(clock->now_ns / NSEC_PER_MSEC) - tcp->rto_stamp;
}

/* Accurate ECN: draft-ietf-tcpm-accurate-ecn, from 6.18. */
static void set_ecn(struct tcp_report *report, const struct tcp_sock *tcp)
{
	static const u8 modes[] = {0, 1, 2, 3}; /* TCPI_ECN_MODE_…, by ECN_OK and ECN_ACCURATE */
	u32 mode;

	if (!field_exists(struct tcp_sock, accecn_fail_mode))
		return;
	const u32 *delivered = tcp->delivered_ecn_bytes, *received = tcp->received_ecn_bytes;

	mode = modes[((tcp->ecn_flags & ECN_OK) != 0 ? 1 : 0) | ((tcp->ecn_flags & ECN_ACCURATE) != 0 ? 2 : 0)];
	report->ecn = mode | (u32)tcp->saw_accecn_opt << 2 | (u32)tcp->accecn_fail_mode << 4;
	report->received_ce = tcp->received_ce;
	/* By the codepoint: ECT(1), ECT(0), CE. */
	report->delivered_e1_bytes = delivered[0];
	report->delivered_e0_bytes = delivered[1];
	report->delivered_ce_bytes = delivered[2];
	report->received_e1_bytes = received[0];
	report->received_e0_bytes = received[1];
	report->received_ce_bytes = received[2];
}

static void report_fill(struct tcp_report *report, const struct tcp_clock *clock, const struct tcp_sock *tcp)
{
	const struct sock *socket = (const struct sock *)tcp;

	memset(report, 0, sizeof *report);
	report->state = socket->__sk_common.skc_state;
	report->pacing_rate = socket->sk_pacing_rate;
	report->max_pacing_rate = socket->sk_max_pacing_rate;
	report->reordering = tcp->reordering;
	report->snd_cwnd = tcp->snd_cwnd;
	if (report->state == SOCKET_STATE_LISTEN) {
		report->unacked = socket->sk_ack_backlog;
		report->sacked = socket->sk_max_ack_backlog;
		return;
	}
	report->ca_state = (u8)tcp->inet_conn.icsk_ca_state;
	report->retransmits = tcp->inet_conn.icsk_retransmits;
	report->probes = tcp->inet_conn.icsk_probes_out;
	report->backoff = tcp->inet_conn.icsk_backoff;
	set_options(report, tcp);
	set_times(report, clock, tcp);
	set_segments(report, tcp);
	set_bytes(report, tcp);
	set_limits(report, clock, tcp);
	set_newer(report, clock, tcp);
	set_ecn(report, tcp);
}

void tcp_put_info(struct ask_message *message, const struct tcp_clock *clock, const struct sock *socket)
{
	struct tcp_report report;
	u64 size = type_size(struct tcp_info);

	if (size > sizeof report)
		guest_fail(STATUS_UNSUPPORTED, "this kernel's struct tcp_info is longer than any that we know");
	report_fill(&report, clock, (const struct tcp_sock *)socket);
	message_put(message, ATTRIBUTE_INFO, &report, (u32)size);
}

static void put_name(struct ask_message *message, u16 type, const char *there)
{
	char name[NAME_SIZE];

	guest_string_copy(name, sizeof name, there);
	message_put_string(message, type, name);
}

void tcp_put_congestion(struct ask_message *message, const struct sock *socket)
{
	const struct tcp_congestion_ops *operations = ((const struct inet_connection_sock *)socket)->icsk_ca_ops;

	if (operations != NULL)
		put_name(message, ATTRIBUTE_CONGESTION, operations->name);
}

/* tcp_diag_get_aux() */
void tcp_put_rest(struct ask_message *message, const struct sock *socket)
{
	const struct inet_connection_sock *connection = (const struct inet_connection_sock *)socket;
	const struct tcp_ulp_ops *above = connection->icsk_ulp_ops;
	const struct tcp_congestion_ops *operations = connection->icsk_ca_ops;
	u32 start;

	if (field_exists(struct tcp_sock, md5sig_info) && ((const struct tcp_sock *)socket)->md5sig_info != NULL)
		seq_fault(message->seq, "the keys of a TCP connection (MD5) aren't told");
	if (above != NULL) {
		start = message_nest(message, ATTRIBUTE_ULP);
		put_name(message, ULP_NAME, above->name);
		if (above->get_info != NULL)
			seq_fault(message->seq, "what the protocol above TCP tells of a connection isn't told");
		message_nest_end(message, start);
	}
	if (operations != NULL && operations->get_info != NULL && socket->__sk_common.skc_state < STATE_TIME_WAIT)
		seq_fault(message->seq, "what an algorithm of congestion control tells of itself isn't told");
}
