/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SOCK_DIAG_BY_FAMILY for AF_INET and AF_INET6: inet_sk_diag_fill() and its like
 * (net/ipv4/inet_diag.c, tcp_diag.c, udp_diag.c, raw_diag.c, 5.10 to 7.2), from the
 * protocols' hash tables.
 */
#include "guest/ask/dumps.h"
#include "guest/ask/inet-message.h"
#include "guest/ask/mptcp-socket.h"
#include "guest/ask/tcp-info.h"
#include "guest/proc/ahead.h"
#include "guest/proc/ticks.h"
#include "guest/proc/types/inet.h"

enum {
	FAMILY_ANY = 0,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_UDPLITE = 136,
	PROTOCOL_RAW = 255,
	PROTOCOL_MPTCP = 262,
	STATE_SYN_RECV = 3,
	STATE_TIME_WAIT = 6,
	STATE_CLOSE = 7,
	STATE_NEW_SYN_RECV = 12,
	TIMER_RETRANSMIT = 1,
	TIMER_TIME_WAIT = 3,
	/* enum inet_flags, which has no name (include/net/inet_sock.h, 6.6 to 7.2): bits of inet_flags */
	FLAG_RECVERR = 9,
	FLAG_RECVERR_RFC4884,
	FLAG_FREEBIND,
	FLAG_HDRINCL,
	FLAG_MC_LOOP,
	FLAG_MC_ALL,
	FLAG_TRANSPARENT,
	FLAG_IS_ICSK,
	FLAG_NODEFRAG,
	FLAG_BIND_ADDRESS_NO_PORT,
	FLAG_DEFER_CONNECT,
};

/* What the sockets of a dump share. */
struct context {
	struct ask_request request;
	struct tcp_clock clock;
};

void inet_head_init(struct inet_head *head, const struct sock *socket)
{
	const struct sock_common *common = &socket->__sk_common;

	memset(head, 0, sizeof *head);
	head->family = (u8)common->skc_family;
	head->state = common->skc_state;
	head->local_port = htons(common->skc_num);
	head->remote_port = common->skc_dport;
	head->device = (u32)common->skc_bound_dev_if;
	socket_cookie(socket, head->cookie);
	if (common->skc_family == FAMILY_INET6) {
		guest_copy(head->local, &common->skc_v6_rcv_saddr, sizeof head->local);
		guest_copy(head->remote, &common->skc_v6_daddr, sizeof head->remote);
		return;
	}
	head->local[0] = common->skc_rcv_saddr;
	head->remote[0] = common->skc_daddr;
}

static bool is_wanted(const struct context *context, u32 state, const struct inet_head *head)
{
	const struct ask_request *request = &context->request;

	if (state > 31 || (request->states >> state & 1) == 0)
		return false;
	if (request->source_port != 0 && request->source_port != head->local_port)
		return false;
	return request->destination_port == 0 || request->destination_port == head->remote_port;
}

static bool asks_for(const struct context *context, u32 attribute)
{
	return inet_asks_for(&context->request, attribute);
}

/* tcp_diag_get_info(), udp_diag_get_info(), raw_diag_get_info() */
static void set_queues(struct inet_head *head, const struct context *context, const struct sock *socket)
{
	const struct tcp_sock *tcp = (const struct tcp_sock *)socket;
	bool is_tcp = context->request.protocol == PROTOCOL_TCP;

	if (context->request.protocol == PROTOCOL_MPTCP) {
		mptcp_queues(socket, &head->receive_queue, &head->send_queue);
	} else if (is_tcp && head->state == SOCKET_STATE_LISTEN) {
		head->receive_queue = socket->sk_ack_backlog;
		head->send_queue = socket->sk_max_ack_backlog;
	} else if (is_tcp) {
		s32 unread = (s32)(tcp->rcv_nxt - tcp->copied_seq);

		head->receive_queue = unread > 0 ? (u32)unread : 0;
		head->send_queue = tcp->write_seq - tcp->snd_una;
	} else {
		head->receive_queue = (u32)socket->sk_backlog.rmem_alloc.counter;
		head->send_queue = (u32)socket->sk_wmem_alloc.refs.counter - 1;
		if (context->request.protocol != PROTOCOL_RAW)
			head->receive_queue -= (u32)((const struct udp_sock *)socket)->forward_deficit;
	}
}

static void set_timer(struct inet_head *head, const struct context *context, const struct sock *socket)
{
	struct tcp_timer timer;

	tcp_timer_get((const struct inet_connection_sock *)socket, &timer);
	head->timer = (u8)timer.kind;
	head->retransmits = (u8)timer.retransmits;
	if (timer.kind != 0)
		head->expires_ms = ticks_until_ms(&context->clock.ticks, timer.expires);
}

static void put_memory(struct ask_message *message, const struct sock *socket)
{
	const u32 memory[] = {(u32)socket->sk_backlog.rmem_alloc.counter, (u32)socket->sk_wmem_queued,
			      (u32)socket_forward_alloc(socket), (u32)socket->sk_wmem_alloc.refs.counter - 1};

	message_put(message, ATTRIBUTE_MEMINFO, memory, sizeof memory);
}

extern struct cgroup_root cgrp_dfl_root;

/* cgroup_id(sock_cgroup_ptr()) */
static void put_cgroup(struct ask_message *message, const struct sock *socket)
{
	const struct cgroup *cgroup;
	u64 id;

	if (!field_exists(struct sock, sk_cgrp_data))
		return;
	if (field_exists(struct sock_cgroup_data, cgroup))
		cgroup = socket->sk_cgrp_data.cgroup;
	else if (socket->sk_cgrp_data.val & 1)
		cgroup = &cgrp_dfl_root.cgrp;
	else
		cgroup = (const struct cgroup *)(socket->sk_cgrp_data.val & ~3ull);
	id = (cgroup != NULL ? cgroup : &cgrp_dfl_root.cgrp)->kn->id;
	message_put(message, ATTRIBUTE_CGROUP_ID, &id, sizeof id);
}

static void cgroup_ahead(void)
{
	if (!field_exists(struct sock, sk_cgrp_data))
		return;
	AHEAD_TAKE(struct sock, sk_cgrp_data);
	if (field_exists(struct sock_cgroup_data, cgroup))
		AHEAD_FOLLOW (struct sock, sk_cgrp_data.cgroup)
			AHEAD_FOLLOW (struct cgroup, kn)
				AHEAD_TAKE(struct kernfs_node, id);
	else
		AHEAD_FOLLOW_MASKED (struct sock, sk_cgrp_data.val, ~3ull)
			AHEAD_FOLLOW (struct cgroup, kn)
				AHEAD_TAKE(struct kernfs_node, id);
}

/* As inet_head_init(), set_queues() and put_attributes(), beside what a row of /proc/net/tcp reads. */
static void attributes_ahead(u32 family)
{
	AHEAD_TAKE(struct sock, __sk_common.skc_bound_dev_if);
	AHEAD_TAKE(struct sock, __sk_common.skc_cookie);
	AHEAD_TAKE(struct sock, sk_max_ack_backlog);
	AHEAD_TAKE(struct sock, sk_shutdown);
	AHEAD_TAKE(struct sock, sk_mark);
	AHEAD_TAKE(struct sock, sk_priority);
	AHEAD_TAKE(struct inet_sock, tos); /* before 6.6 the options stand beside it */
	if (field_exists(struct inet_sock, inet_flags))
		AHEAD_TAKE(struct inet_sock, inet_flags);
	if (family != FAMILY_INET)
		AHEAD_FOLLOW (struct inet_sock, pinet6)
			AHEAD_TAKE(struct ipv6_pinfo, tclass);
	cgroup_ahead();
}

/* As put_memory() and socket_put_memory(), too. */
static void attributes_and_memory_ahead(u32 family)
{
	attributes_ahead(family);
	AHEAD_TAKE(struct sock, sk_backlog.rmem_alloc);
	AHEAD_TAKE(struct sock, sk_backlog.len);
	AHEAD_TAKE(struct sock, sk_wmem_alloc);
	AHEAD_TAKE(struct sock, sk_rcvbuf);
	AHEAD_TAKE(struct sock, sk_sndbuf);
	AHEAD_TAKE(struct sock, sk_forward_alloc);
	AHEAD_TAKE(struct sock, sk_protocol);
	AHEAD_TAKE(struct sock, sk_wmem_queued);
	AHEAD_TAKE(struct sock, sk_omem_alloc);
	socket_drops_ahead();
}

static void put_tcp(struct ask_message *message, const struct context *context, const struct sock *socket)
{
	if (asks_for(context, ATTRIBUTE_INFO))
		tcp_put_info(message, &context->clock, socket);
	if (asks_for(context, ATTRIBUTE_CONGESTION))
		tcp_put_congestion(message, socket);
	if (asks_for(context, ATTRIBUTE_INFO))
		tcp_put_rest(message, socket);
}

/* mptcp_diag_fill_info() isn't followed: said, where it was asked for. */
static void put_mptcp(struct ask_message *message, const struct context *context, const struct sock *socket)
{
	if (asks_for(context, ATTRIBUTE_INFO))
		seq_fault(message->seq, "what an MPTCP socket tells of itself isn't shown");
	if (asks_for(context, ATTRIBUTE_CONGESTION))
		tcp_put_congestion(message, socket);
}

/* sock_cgroup_classid(), or the priority in its place */
static u32 class_of(const struct sock *socket)
{
	u32 class = 0;

	if (field_exists(struct sock, sk_cgrp_data) && field_exists(struct sock_cgroup_data, classid) &&
	    (field_exists(struct sock_cgroup_data, cgroup) || (socket->sk_cgrp_data.val & 1) != 0))
		class = socket->sk_cgrp_data.classid;
	return class != 0 ? class : socket->sk_priority;
}

/* struct inet_diag_sockopt, as the 16 bits that it is */
static u16 options_of(const struct inet_sock *inet)
{
	static const u8 flags[] = {FLAG_RECVERR,	 FLAG_IS_ICSK,	    FLAG_FREEBIND,
				   FLAG_HDRINCL,	 FLAG_MC_LOOP,	    FLAG_TRANSPARENT,
				   FLAG_MC_ALL,		 FLAG_NODEFRAG,	    FLAG_BIND_ADDRESS_NO_PORT,
				   FLAG_RECVERR_RFC4884, FLAG_DEFER_CONNECT};
	u32 options = 0;

	if (!field_exists(struct inet_sock, inet_flags))
		return (u16)(inet->recverr | inet->is_icsk << 1 | inet->freebind << 2 | inet->hdrincl << 3 |
			     inet->mc_loop << 4 | inet->transparent << 5 | inet->mc_all << 6 | inet->nodefrag << 7 |
			     inet->bind_address_no_port << 8 | inet->recverr_rfc4884 << 9 | inet->defer_connect << 10);
	for (u32 i = 0; i < sizeof flags; i++)
		options |= (u32)(inet->inet_flags >> flags[i] & 1) << i;
	return (u16)options;
}

static void put_options(struct ask_message *message, const struct sock *socket)
{
	u16 options = options_of((const struct inet_sock *)socket);

	message_put(message, ATTRIBUTE_SOCKOPT, &options, sizeof options);
}

/* inet_diag_msg_attrs_fill() */
void inet_put_attributes(struct ask_message *message, const struct ask_request *request, const struct sock *socket)
{
	u32 state = socket->__sk_common.skc_state;
	bool is_v6 = socket->__sk_common.skc_family == FAMILY_INET6;

	message_put_u8(message, ATTRIBUTE_SHUTDOWN, (u8)socket->sk_shutdown);
	if (inet_asks_for(request, ATTRIBUTE_TOS))
		message_put_u8(message, ATTRIBUTE_TOS, ((const struct inet_sock *)socket)->tos);
	if (is_v6 && inet_asks_for(request, ATTRIBUTE_TCLASS))
		message_put_u8(message, ATTRIBUTE_TCLASS, ((const struct inet_sock *)socket)->pinet6->tclass);
	if (is_v6 && (state == SOCKET_STATE_LISTEN || state == STATE_CLOSE))
		message_put_u8(message, ATTRIBUTE_SKV6ONLY, socket->__sk_common.skc_ipv6only);
	message_put_u32(message, ATTRIBUTE_MARK, socket->sk_mark);
	if (inet_asks_for(request, ATTRIBUTE_TCLASS))
		message_put_u32(message, ATTRIBUTE_CLASS_ID, class_of(socket));
	put_cgroup(message, socket);
	put_options(message, socket);
}

static void put_attributes(struct ask_message *message, const struct context *context, const struct sock *socket)
{
	inet_put_attributes(message, &context->request, socket);
	if (asks_for(context, ATTRIBUTE_MEMINFO))
		put_memory(message, socket);
	if (asks_for(context, ATTRIBUTE_SKMEMINFO))
		socket_put_memory(message, ATTRIBUTE_SKMEMINFO, socket);
	if (context->request.protocol == PROTOCOL_RAW)
		message_put_u8(message, ATTRIBUTE_PROTOCOL, (u8)socket->sk_protocol);
	if (context->request.protocol == PROTOCOL_TCP)
		put_tcp(message, context, socket);
	if (context->request.protocol == PROTOCOL_MPTCP)
		put_mptcp(message, context, socket);
}

static void put_socket(struct seq *seq, const struct context *context, const struct sock *socket,
		       struct inet_head *head)
{
	struct ask_message message;

	if (context->request.protocol == PROTOCOL_TCP || context->request.protocol == PROTOCOL_MPTCP)
		set_timer(head, context, socket);
	set_queues(head, context, socket);
	head->uid = socket_uid(socket);
	head->inode = (u32)socket_inode(socket);
	message_begin(&message, seq, SOCK_DIAG_BY_FAMILY);
	message_fixed(&message, head, sizeof *head);
	put_attributes(&message, context, socket);
	message_end(&message);
}

/* Of what has no struct sock: no attribute but its mark. */
static void put_head_alone(struct seq *seq, const struct inet_head *head, u32 mark)
{
	struct ask_message message;

	message_begin(&message, seq, SOCK_DIAG_BY_FAMILY);
	message_fixed(&message, head, sizeof *head);
	message_put_u32(&message, ATTRIBUTE_MARK, mark);
	message_end(&message);
}

/* A connection that waits for its last packets. */
static void put_time_wait(struct seq *seq, const struct context *context, const struct sock *socket,
			  struct inet_head *head)
{
	const struct inet_timewait_sock *time_wait = (const struct inet_timewait_sock *)socket;

	head->state = time_wait->tw_substate;
	head->timer = TIMER_TIME_WAIT;
	head->expires_ms = ticks_until_ms(&context->clock.ticks, time_wait->tw_timer.expires);
	put_head_alone(seq, head, time_wait->tw_mark);
}

/* A connection request. */
static void put_request(struct seq *seq, const struct context *context, const struct sock *socket,
			struct inet_head *head)
{
	const struct request_sock *request = (const struct request_sock *)socket;

	head->state = STATE_SYN_RECV;
	head->timer = TIMER_RETRANSMIT;
	head->retransmits = request->num_retrans;
	head->expires_ms = ticks_until_ms(&context->clock.ticks, request->rsk_timer.expires);
	put_head_alone(seq, head, ((const struct inet_request_sock *)socket)->ir_mark);
}

static void show_socket(void *argument)
{
	const struct socket_row *row = argument;
	const struct context *context = row->walk->context;
	struct seq *seq = row->walk->seq;
	struct inet_head head;
	u32 state;

	inet_head_init(&head, row->socket);
	state = head.state;
	if (state == STATE_TIME_WAIT)
		state = ((const struct inet_timewait_sock *)row->socket)->tw_substate;
	if (!is_wanted(context, state == STATE_NEW_SYN_RECV ? STATE_SYN_RECV : state, &head))
		return;
	if (head.state == STATE_TIME_WAIT)
		put_time_wait(seq, context, row->socket, &head);
	else if (head.state == STATE_NEW_SYN_RECV)
		put_request(seq, context, row->socket, &head);
	else
		put_socket(seq, context, row->socket, &head);
}

static void dump_family(struct seq *seq, const struct context *context, u32 family)
{
	struct socket_walk walk = {
		.seq = seq,
		.family = family,
		.show = show_socket,
		.ahead = asks_for(context, ATTRIBUTE_MEMINFO) || asks_for(context, ATTRIBUTE_SKMEMINFO)
				 ? attributes_and_memory_ahead
				 : attributes_ahead,
		.context = context,
	};

	switch (context->request.protocol) {
	case PROTOCOL_TCP: tcp_sockets_walk(&walk); break;
	case PROTOCOL_UDP: udp_sockets_walk(&walk, false); break;
	case PROTOCOL_UDPLITE: udp_sockets_walk(&walk, true); break;
	case PROTOCOL_RAW: raw_sockets_walk(&walk); break;
	case PROTOCOL_MPTCP: mptcp_sockets_walk(&walk); break;
	default: guest_fail(STATUS_UNSUPPORTED, "sockets of this protocol aren't told by netlink");
	}
}

void ask_inet_sockets(struct seq *seq)
{
	struct context context;
	u32 family;

	ask_request_copy(&context.request);
	tcp_clock_init(&context.clock);
	family = context.request.family;
	if (family == FAMILY_ANY || family == FAMILY_INET)
		dump_family(seq, &context, FAMILY_INET);
	if (family == FAMILY_ANY || family == FAMILY_INET6)
		dump_family(seq, &context, FAMILY_INET6);
}
