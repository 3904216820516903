/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/tcp and tcp6: net/ipv4/tcp_ipv4.c, net/ipv6/tcp_ipv6.c, 5.10 to
 * 7.2. Listening sockets come first, then all others; rows are numbered
 * through. The kernel's reader takes no references, so neither do counts
 * change by reading. */
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/socket.h"
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

static void timer_set(struct socket_line *line, const struct ticks *ticks,
		      const struct inet_connection_sock *connection)
{
	const struct timer_list *keepalive = keepalive_timer(connection);

	switch (connection->icsk_pending) {
	case ICSK_TIME_RETRANS:
	case ICSK_TIME_REO_TIMEOUT:
	case ICSK_TIME_LOSS_PROBE:
		line->timer = TIMER_RETRANSMIT;
		line->timer_clock = ticks_until(ticks, retransmit_expires(connection));
		return;
	case ICSK_TIME_PROBE0:
		line->timer = TIMER_PROBE;
		line->timer_clock = ticks_until(ticks, retransmit_expires(connection));
		return;
	default: break;
	}
	if (keepalive->entry.pprev == NULL) /* timer_pending() */
		return;
	line->timer = TIMER_KEEPALIVE;
	line->timer_clock = ticks_until(ticks, keepalive->expires);
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
		threshold = init_net.ipv4.sysctl_tcp_pingpong_thresh;
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

static void tcp_walk(struct seq *seq, u32 family)
{
	struct ticks ticks;
	struct socket_walk walk = {
		.seq = seq,
		.family = family,
		.chain_end = SOCKET_CHAIN_ENDS_ODD,
		.show = tcp_row_show,
		.context = &ticks,
	};
	u64 listen_size = type_size(struct inet_listen_hashbucket);
	u64 listen_offset = field_offset(struct inet_listen_hashbucket, nulls_head);

	ticks_read(&ticks);
	walk.nulls_base = LISTENING_NULLS_BASE;
	if (field_exists(struct inet_hashinfo, listening_hash))
		socket_table_walk(&walk, (const char *)&tcp_hashinfo.listening_hash + listen_offset, listen_size,
				  field_size(struct inet_hashinfo, listening_hash) / listen_size);
	else
		socket_table_walk(&walk, (const char *)tcp_hashinfo.lhash2 + listen_offset, listen_size,
				  socket_bucket_count(tcp_hashinfo.lhash2_mask));
	walk.nulls_base = 0;
	socket_table_walk(&walk, tcp_hashinfo.ehash, type_size(struct inet_ehash_bucket),
			  socket_bucket_count(tcp_hashinfo.ehash_mask));
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
