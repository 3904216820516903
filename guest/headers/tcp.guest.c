/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/tcp: net/ipv4/tcp_ipv4.c of Linux 6.1, over its own headers. */
#include "guest/headers/socket.h"

#include <linux/jiffies.h>
#include <linux/timer.h>
#include <net/inet_connection_sock.h>
#include <net/inet_hashtables.h>
#include <net/inet_timewait_sock.h>
#include <net/request_sock.h>
#include <net/tcp.h>

enum {
	/* TMPSZ - 1 */
	ROW_WIDTH = 149,
	/* The "tr" column. */
	TIMER_NONE = 0,
	TIMER_RETRANSMIT = 1,
	TIMER_KEEPALIVE = 2,
	TIMER_TIME_WAIT = 3,
	TIMER_PROBE = 4,
};

/* get_openreq4() */
static void show_request(const struct row *row)
{
	const struct request_sock *request = row->object;
	const struct inet_request_sock *inet = inet_rsk(request);
	char pointer[POINTER_TEXT_SIZE];

	pointer_text_restricted(pointer, request);
	seq_printf(row->seq, "%4d: %08X:%04X %08X:%04X %02X %08X:%08X %02X:%08lX %08X %5u %8d %u %d %s", row->number,
		   inet->ir_loc_addr, inet->ir_num, inet->ir_rmt_addr, ntohs(inet->ir_rmt_port), TCP_SYN_RECV, 0, 0,
		   TIMER_RETRANSMIT, clock_until(request->rsk_timer.expires), request->num_timeout,
		   socket_owner(request->rsk_listener), 0, 0, 0, pointer);
}

/* get_timewait4_sock() */
static void show_time_wait(const struct row *row)
{
	const struct inet_timewait_sock *tw = row->object;
	char pointer[POINTER_TEXT_SIZE];

	pointer_text_restricted(pointer, tw);
	seq_printf(row->seq, "%4d: %08X:%04X %08X:%04X %02X %08X:%08X %02X:%08lX %08X %5d %8d %d %d %s", row->number,
		   tw->tw_rcv_saddr, ntohs(tw->tw_sport), tw->tw_daddr, ntohs(tw->tw_dport), tw->tw_substate, 0, 0,
		   TIMER_TIME_WAIT, clock_until(tw->tw_timer.expires), 0, 0, 0, 0, refcount_read(&tw->tw_refcnt),
		   pointer);
}

static int timer_of(const struct inet_connection_sock *icsk, unsigned long *ret_expires)
{
	*ret_expires = icsk->icsk_timeout;
	switch (icsk->icsk_pending) {
	case ICSK_TIME_RETRANS:
	case ICSK_TIME_REO_TIMEOUT:
	case ICSK_TIME_LOSS_PROBE: return TIMER_RETRANSMIT;
	case ICSK_TIME_PROBE0: return TIMER_PROBE;
	default: break;
	}
	if (timer_pending(&icsk->icsk_keepalive_timer)) {
		*ret_expires = icsk->icsk_keepalive_timer.expires;
		return TIMER_KEEPALIVE;
	}
	*ret_expires = jiffies;
	return TIMER_NONE;
}

static int receive_queue(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (inet_sk_state_load(sk) == TCP_LISTEN)
		return READ_ONCE(sk->sk_ack_backlog);
	return max_t(int, READ_ONCE(tp->rcv_nxt) - READ_ONCE(tp->copied_seq), 0);
}

static int slow_start_threshold(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (inet_sk_state_load(sk) == TCP_LISTEN)
		return inet_csk(sk)->icsk_accept_queue.fastopenq.max_qlen;
	return tcp_in_initial_slowstart(tp) ? -1 : (int)tp->snd_ssthresh;
}

/* get_tcp4_sock() */
static void show_socket(const struct row *row)
{
	struct sock *sk = row->object;
	const struct tcp_sock *tp = tcp_sk(sk);
	const struct inet_connection_sock *icsk = inet_csk(sk);
	const struct inet_sock *inet = inet_sk(sk);
	unsigned long expires;
	char pointer[POINTER_TEXT_SIZE];
	int timer = timer_of(icsk, &expires);

	pointer_text_restricted(pointer, sk);
	seq_printf(row->seq, "%4d: %08X:%04X %08X:%04X %02X %08X:%08X %02X:%08lX %08X %5u %8d %lu %d %s", row->number,
		   inet->inet_rcv_saddr, ntohs(inet->inet_sport), inet->inet_daddr, ntohs(inet->inet_dport),
		   inet_sk_state_load(sk), READ_ONCE(tp->write_seq) - tp->snd_una, receive_queue(sk), timer,
		   clock_until(expires), icsk->icsk_retransmits, socket_owner(sk), icsk->icsk_probes_out,
		   socket_inode_number(sk), refcount_read(&sk->sk_refcnt), pointer);
	seq_printf(row->seq, " %lu %lu %u %u %d", clock_of(icsk->icsk_rto), clock_of(icsk->icsk_ack.ato),
		   icsk->icsk_ack.quick << 1 | inet_csk_in_pingpong_mode((struct sock *)sk), tcp_snd_cwnd(tp),
		   slow_start_threshold(sk));
}

static void show_if_it_matches(void *argument)
{
	struct row *row = argument;
	const struct sock *sk = row->object;

	if (!socket_matches(sk))
		return;
	row->is_shown = true;
	seq_setwidth(row->seq, ROW_WIDTH);
	if (sk->sk_state == TCP_TIME_WAIT)
		show_time_wait(row);
	else if (sk->sk_state == TCP_NEW_SYN_RECV)
		show_request(row);
	else
		show_socket(row);
	seq_pad(row->seq, '\n');
}

/* One chain, whose end must say `end` (INIT_HLIST_NULLS_HEAD()): a socket that was freed and reused while its chain was
 * read leads into another one, past the rest of its own (Documentation/RCU/rculist_nulls.rst). Returns how many rows
 * there are after it. */
static unsigned int show_chain(struct seq *seq, struct hlist_nulls_head *chain, unsigned long end,
			       unsigned int row_count, struct guest_bound *bound)
{
	struct row_loop loop = ROW_LOOP;
	struct hlist_nulls_node *node;
	struct sock *sk;

	sk_nulls_for_each(sk, node, chain)
	{
		struct row row = {.seq = seq, .object = sk, .number = row_count};

		guest_bound(bound);
		row_loop_check(&loop, sk);
		row_show(&row, show_if_it_matches, "a socket is missing");
		row_count += row.is_shown;
	}
	if (get_nulls_value(node) != end)
		guest_fail(STATUS_TORN, "a hash chain ends as another one does");
	return row_count;
}

void headers_tcp_show(struct seq *seq)
{
	struct guest_bound bound = GUEST_BOUND(GUEST_WALK_STEPS_MAX, "sockets of TCP");
	const struct inet_hashinfo *hashes = init_net.ipv4.tcp_death_row.hashinfo;
	unsigned int row_count = 0;

	seq_setwidth(seq, ROW_WIDTH);
	seq_puts(seq, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
		      "inode");
	seq_pad(seq, '\n');
	for (unsigned int i = 0, count = bucket_count(hashes->lhash2_mask); i < count; i++)
		row_count = show_chain(seq, &hashes->lhash2[i].nulls_head, LISTENING_NULLS_BASE + i, row_count, &bound);
	for (unsigned int i = 0, count = bucket_count(hashes->ehash_mask); i < count; i++)
		row_count = show_chain(seq, &hashes->ehash[i].chain, i, row_count, &bound);
}
