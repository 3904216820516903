/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/tcp and tcp6: net/ipv4/tcp_ipv4.c, net/ipv6/tcp_ipv6.c, 5.10 to
 * 7.2. Listening sockets come first, then all others; rows are numbered
 * through. The kernel's reader takes no references, so neither do counts
 * change by reading. */
#include "guest/proc/ahead.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/socket.h"
#include "guest/proc/task.h"
#include "guest/proc/ticks.h"
#include "guest/proc/types/inet.h"

enum {
	/* include/net/tcp_states.h: shown to users, so fixed. */
	TCP_SYN_RECV = 3,
	TCP_TIME_WAIT = 6,
	TCP_LISTEN = 10,
	TCP_NEW_SYN_RECV = 12,
	/* icsk_pending (include/net/inet_connection_sock.h) */
	ICSK_TIME_RETRANS = 1,
	ICSK_TIME_PROBE0 = 3,
	ICSK_TIME_LOSS_PROBE = 5,
	ICSK_TIME_REO_TIMEOUT = 6,
	TCP_INFINITE_SSTHRESH = 0x7fffffff,
	/* TCP_PINGPONG_THRESH of the kernels that have no sysctl for it. */
	PINGPONG_THRESHOLD = 1,
	/* The "tr" column. */
	TIMER_NONE = 0,
	TIMER_RETRANSMIT = 1,
	TIMER_KEEPALIVE = 2,
	TIMER_TIME_WAIT = 3,
	TIMER_PROBE = 4,
	/* TMPSZ - 1: the width that IPv4 rows are padded to. */
	TCP4_WIDTH = 149,
	/* include/net/inet_hashtables.h: what the ends of listeners' chains
	 * have added to their bucket. */
	LISTENING_NULLS_BASE = 1 << 29,
};

static u64 retransmit_expires(const struct inet_connection_sock *connection)
{
	if (field_exists(struct inet_connection_sock, icsk_timeout))
		return connection->icsk_timeout;
	return ((const struct sock *)connection)->tcp_retransmit_timer.expires;
}

static const struct timer_list *keepalive_timer(const struct inet_connection_sock *connection)
{
	if (field_exists(struct inet_connection_sock, icsk_keepalive_timer))
		return &connection->icsk_keepalive_timer;
	return &((const struct sock *)connection)->sk_timer;
}

void tcp_timer_get(const struct inet_connection_sock *connection, struct tcp_timer *ret_timer)
{
	const struct timer_list *keepalive = keepalive_timer(connection);

	switch (connection->icsk_pending) {
	case ICSK_TIME_RETRANS:
	case ICSK_TIME_REO_TIMEOUT:
	case ICSK_TIME_LOSS_PROBE:
		*ret_timer = (struct tcp_timer){TIMER_RETRANSMIT, connection->icsk_retransmits,
						retransmit_expires(connection)};
		return;
	case ICSK_TIME_PROBE0:
		*ret_timer =
			(struct tcp_timer){TIMER_PROBE, connection->icsk_probes_out, retransmit_expires(connection)};
		return;
	default: break;
	}
	*ret_timer = (struct tcp_timer){TIMER_NONE, 0, 0};
	if (keepalive->entry.pprev != NULL) /* timer_pending() */
		*ret_timer = (struct tcp_timer){TIMER_KEEPALIVE, connection->icsk_probes_out, keepalive->expires};
}

static void timer_set(struct socket_line *line, const struct ticks *ticks,
		      const struct inet_connection_sock *connection)
{
	struct tcp_timer timer;

	tcp_timer_get(connection, &timer);
	line->timer = timer.kind;
	if (timer.kind != TIMER_NONE)
		line->timer_clock = ticks_until(ticks, timer.expires);
}

static u32 receive_queue(const struct sock *socket, const struct tcp_sock *tcp, u32 state)
{
	if (state == TCP_LISTEN)
		return socket->sk_ack_backlog;
	s32 size = (s32)(tcp->rcv_nxt - tcp->copied_seq);
	return size > 0 ? (u32)size : 0;
}

/* inet_csk_in_pingpong_mode() */
static u32 in_pingpong_mode(const struct inet_connection_sock *connection)
{
	u32 threshold = PINGPONG_THRESHOLD;

	if (field_exists(struct net, ipv4.sysctl_tcp_pingpong_thresh))
		threshold = net_subject()->ipv4.sysctl_tcp_pingpong_thresh;
	return connection->icsk_ack.pingpong >= threshold;
}

static int slow_start_threshold(const struct tcp_sock *tcp, u32 state)
{
	const struct inet_connection_sock *connection = (const struct inet_connection_sock *)tcp;

	if (state == TCP_LISTEN)
		return connection->icsk_accept_queue.fastopenq.max_qlen;
	return tcp->snd_ssthresh >= TCP_INFINITE_SSTHRESH ? -1 : (int)tcp->snd_ssthresh;
}

static void socket_show(const struct socket_row *row, struct socket_line *line)
{
	const struct ticks *ticks = row->walk->context;
	const struct sock *socket = row->socket;
	const struct inet_connection_sock *connection = (const struct inet_connection_sock *)socket;
	const struct tcp_sock *tcp = (const struct tcp_sock *)socket;

	line->local_port = ntohs(((const struct inet_sock *)socket)->inet_sport);
	line->tx_queue = tcp->write_seq - tcp->snd_una;
	line->rx_queue = receive_queue(socket, tcp, line->state);
	timer_set(line, ticks, connection);
	line->retransmits = connection->icsk_retransmits;
	line->uid = socket_uid(socket);
	line->timeout = connection->icsk_probes_out;
	line->inode = socket_inode(socket);
	socket_line_print(row->walk->seq, line);
	seq_printf(row->walk->seq, " %llu %llu %u %u %d", ticks_to_clock(ticks, connection->icsk_rto),
		   ticks_to_clock(ticks, connection->icsk_ack.ato),
		   (u32)connection->icsk_ack.quick << 1 | in_pingpong_mode(connection), tcp->snd_cwnd,
		   slow_start_threshold(tcp, line->state));
}

/* A connection request that waits for its third packet. */
static void request_show(const struct socket_row *row, struct socket_line *line)
{
	const struct request_sock *request = (const struct request_sock *)row->socket;

	line->state = TCP_SYN_RECV;
	line->timer = TIMER_RETRANSMIT;
	line->timer_clock = ticks_until(row->walk->context, request->rsk_timer.expires);
	line->retransmits = request->num_timeout;
	line->uid = socket_uid(request->__req_common.skc_listener);
	line->references = 0; /* not shown, the kernel prints 0 */
	socket_line_print(row->walk->seq, line);
}

static void time_wait_show(const struct socket_row *row, struct socket_line *line)
{
	const struct inet_timewait_sock *time_wait = (const struct inet_timewait_sock *)row->socket;

	line->local_port = ntohs(time_wait->tw_sport);
	line->state = time_wait->tw_substate;
	line->timer = TIMER_TIME_WAIT;
	line->timer_clock = ticks_until(row->walk->context, time_wait->tw_timer.expires);
	socket_line_print(row->walk->seq, line);
}

static void tcp_row_show(void *argument)
{
	const struct socket_row *row = argument;
	struct seq *seq = row->walk->seq;
	struct socket_line line;

	socket_line_init(&line, &row->socket->__sk_common, row->index, 4);
	seq_setwidth(seq, line.is_v6 ? 0 : TCP4_WIDTH);
	if (line.state == TCP_TIME_WAIT)
		time_wait_show(row, &line);
	else if (line.state == TCP_NEW_SYN_RECV)
		request_show(row, &line);
	else
		socket_show(row, &line);
	seq_pad(seq, '\n');
}

/* ---- reading ahead: as the walk below, and what a row of each kind reads */

static void timers_ahead(void)
{
	if (field_exists(struct inet_connection_sock, icsk_timeout))
		AHEAD_TAKE(struct inet_connection_sock, icsk_timeout);
	else
		AHEAD_TAKE(struct sock, tcp_retransmit_timer.expires);
	if (field_exists(struct inet_connection_sock, icsk_keepalive_timer)) {
		AHEAD_TAKE(struct inet_connection_sock, icsk_keepalive_timer.entry);
		AHEAD_TAKE(struct inet_connection_sock, icsk_keepalive_timer.expires);
	} else {
		AHEAD_TAKE(struct sock, sk_timer.entry);
		AHEAD_TAKE(struct sock, sk_timer.expires);
	}
}

static void socket_ahead(void)
{
	AHEAD_TAKE(struct sock, sk_ack_backlog);
	AHEAD_TAKE(struct inet_connection_sock, icsk_accept_queue.fastopenq.max_qlen);
	AHEAD_TAKE(struct inet_sock, inet_sport);
	AHEAD_TAKE(struct tcp_sock, write_seq);
	AHEAD_TAKE(struct tcp_sock, snd_una);
	AHEAD_TAKE(struct tcp_sock, rcv_nxt);
	AHEAD_TAKE(struct tcp_sock, copied_seq);
	AHEAD_TAKE(struct tcp_sock, snd_cwnd);
	AHEAD_TAKE(struct tcp_sock, snd_ssthresh);
	AHEAD_TAKE(struct inet_connection_sock, icsk_pending);
	AHEAD_TAKE(struct inet_connection_sock, icsk_retransmits);
	AHEAD_TAKE(struct inet_connection_sock, icsk_probes_out);
	AHEAD_TAKE(struct inet_connection_sock, icsk_rto);
	AHEAD_TAKE(struct inet_connection_sock, icsk_ack);
	timers_ahead();
	socket_owner_ahead();
}

static void time_wait_ahead(void)
{
	AHEAD_TAKE(struct inet_timewait_sock, tw_sport);
	AHEAD_TAKE(struct inet_timewait_sock, tw_substate);
	AHEAD_TAKE(struct inet_timewait_sock, tw_timer.expires);
}

static void request_ahead(void)
{
	AHEAD_TAKE(struct request_sock, rsk_timer.expires);
	/* num_timeout is one of the bits beside it. */
	AHEAD_TAKE(struct request_sock, __req_common);
	AHEAD_FOLLOW (struct request_sock, __req_common.skc_listener)
		socket_owner_ahead();
}

/* What a row of any kind reads. */
static void row_ahead(const struct sockets_question *question)
{
	socket_line_ahead(question->family);
	AHEAD_IF (struct sock, __sk_common.skc_state, TCP_TIME_WAIT)
		time_wait_ahead();
	AHEAD_IF (struct sock, __sk_common.skc_state, TCP_NEW_SYN_RECV)
		request_ahead();
	AHEAD_UNLESS (struct sock, __sk_common.skc_state, TCP_TIME_WAIT)
		AHEAD_UNLESS (struct sock, __sk_common.skc_state, TCP_NEW_SYN_RECV) {
			socket_ahead();
			sockets_more_ahead(question);
		}
}

static void listener_ahead(const struct sockets_question *question)
{
	AHEAD_CHAIN (struct inet_listen_hashbucket, nulls_head.first, struct sock, __sk_common.skc_nulls_node)
		AHEAD_OF_FAMILY(question->family)
	AHEAD_IF (struct sock, __sk_common.skc_net, net_subject()) {
		socket_line_ahead(question->family);
		socket_ahead();
		sockets_more_ahead(question);
	}
}

static void listeners_ahead(const struct sockets_question *question)
{
	u64 size = type_size(struct inet_listen_hashbucket);

	if (field_exists(struct inet_hashinfo, listening_hash)) {
		AHEAD_MEMBER (struct inet_hashinfo, listening_hash)
			AHEAD_ARRAY_HERE (size, field_size(struct inet_hashinfo, listening_hash) / size)
				listener_ahead(question);
	} else {
		AHEAD_ARRAY (struct inet_hashinfo, lhash2, size, lhash2_mask, true, SOCKET_BUCKET_COUNT_MAX)
			listener_ahead(question);
	}
}

static void tcp_ahead(void *argument)
{
	const struct sockets_question *question = argument;

	socket_facts_ahead();
	ticks_ahead();
	if (field_exists(struct net, ipv4.sysctl_tcp_pingpong_thresh))
		ahead_take((s64)((u64)net_subject() + field_offset(struct net, ipv4.sysctl_tcp_pingpong_thresh)), 1);
	AHEAD_START (&tcp_hashinfo) {
		listeners_ahead(question);
		AHEAD_ARRAY (struct inet_hashinfo, ehash, type_size(struct inet_ehash_bucket), ehash_mask, true,
			     SOCKET_BUCKET_COUNT_MAX)
			AHEAD_CHAIN (struct inet_ehash_bucket, chain.first, struct sock, __sk_common.skc_nulls_node)
				AHEAD_OF_FAMILY(question->family)
		AHEAD_IF (struct sock, __sk_common.skc_net, net_subject())
			row_ahead(question);
	}
}

static void read_ahead(const struct socket_walk *walk)
{
	sockets_ahead(tcp_ahead, AHEAD_KEY_TCP, walk);
}

void tcp_sockets_walk(struct socket_walk *walk)
{
	u64 listen_size = type_size(struct inet_listen_hashbucket);
	u64 listen_offset = field_offset(struct inet_listen_hashbucket, nulls_head);

	read_ahead(walk);
	walk->chain_end = SOCKET_CHAIN_ENDS_ODD;
	walk->nulls_base = LISTENING_NULLS_BASE;
	if (field_exists(struct inet_hashinfo, listening_hash))
		socket_table_walk(walk, (const char *)&tcp_hashinfo.listening_hash + listen_offset, listen_size,
				  field_size(struct inet_hashinfo, listening_hash) / listen_size);
	else
		socket_table_walk(walk, (const char *)tcp_hashinfo.lhash2 + listen_offset, listen_size,
				  socket_bucket_count(tcp_hashinfo.lhash2_mask));
	walk->nulls_base = 0;
	socket_table_walk(walk, tcp_hashinfo.ehash, type_size(struct inet_ehash_bucket),
			  socket_bucket_count(tcp_hashinfo.ehash_mask));
}

static void tcp_walk(struct seq *seq, u32 family)
{
	struct ticks ticks;
	struct socket_walk walk = {.seq = seq, .family = family, .show = tcp_row_show, .context = &ticks};

	read_ahead(&walk);
	ticks_read(&ticks);
	tcp_sockets_walk(&walk);
}

void tcp_show(struct seq *seq)
{
	seq_setwidth(seq, TCP4_WIDTH);
	seq_puts(seq, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
		      "inode");
	seq_pad(seq, '\n');
	tcp_walk(seq, FAMILY_INET);
}

void tcp6_show(struct seq *seq)
{
	seq_puts(seq, "  sl  local_address                         remote_address                        "
		      "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n");
	tcp_walk(seq, FAMILY_INET6);
}
