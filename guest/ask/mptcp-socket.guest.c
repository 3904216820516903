/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MPTCP's sockets: net/mptcp/mptcp_diag.c, token.c, 6.1 to 7.2. */
#include "guest/ask/mptcp-socket.h"

#include "guest/ask/socket-message.h"
#include "guest/proc/protocols.h"
#include "guest/proc/task.h"
#include "guest/proc/types/inet.h"
#include "guest/proc/types/tcp.h"

#include "guest/kernel/guestc-types-begin.h"

struct token_bucket {
	struct hlist_nulls_head msk_chain;
};

struct mptcp_sock {
	struct inet_connection_sock sk;
	struct sock *first; /* of TCP */
	u32 backlog_len; /* newer kernels */
	int rmem_fwd_alloc; /* older ones */
};

/* What TCP's socket has as icsk_ulp_data. */
struct mptcp_subflow_context {
	struct sock *conn;
};

#include "guest/kernel/guestc-types-end.h"

extern struct token_bucket *token_hash;
extern unsigned int token_mask;

enum {
	LISTENING_NULLS_BASE = 1 << 29, /* include/net/inet_hashtables.h */
};

void mptcp_queues(const struct sock *socket, u32 *ret_receive, u32 *ret_send)
{
	const struct mptcp_sock *mptcp = (const struct mptcp_sock *)socket;
	const struct sock *first = mptcp->first;

	if (socket->__sk_common.skc_state == SOCKET_STATE_LISTEN && first != NULL) {
		*ret_receive = first->sk_ack_backlog;
		*ret_send = first->sk_max_ack_backlog;
		return;
	}
	*ret_receive = (u32)socket->sk_backlog.rmem_alloc.counter;
	if (field_exists(struct mptcp_sock, backlog_len))
		*ret_receive += mptcp->backlog_len;
	*ret_send = (u32)socket->sk_wmem_alloc.refs.counter - 1;
}

s32 mptcp_forward_alloc(const struct sock *socket)
{
	s32 memory = socket->sk_forward_alloc;

	if (field_exists(struct mptcp_sock, rmem_fwd_alloc))
		memory += ((const struct mptcp_sock *)socket)->rmem_fwd_alloc;
	return memory;
}

static bool is_subflow(const struct inet_connection_sock *connection)
{
	const struct tcp_ulp_ops *above = connection->icsk_ulp_ops;
	char name[16];

	if (above == NULL || connection->icsk_ulp_data == NULL)
		return false;
	guest_string_copy(name, sizeof name, above->name);
	return strcmp(name, "mptcp") == 0;
}

/* A listening socket of TCP: MPTCP's that it belongs to. */
static void show_listener(void *argument)
{
	const struct socket_row *row = argument;
	const struct inet_connection_sock *connection = (const struct inet_connection_sock *)row->socket;
	struct socket_walk *walk = (struct socket_walk *)row->walk->context;

	if (!is_subflow(connection))
		return;
	const struct mptcp_subflow_context *subflow = connection->icsk_ulp_data;
	struct socket_row above = {.walk = walk, .socket = subflow->conn};

	if (above.socket == NULL)
		return;
	if (above.socket->__sk_common.skc_net.net != net_subject())
		guest_fail(STATUS_MALFORMED, "an MPTCP socket isn't of its listener's network namespace");
	walk->show(&above);
}

static void listeners_walk(struct socket_walk *walk)
{
	struct socket_walk listeners = {
		.seq = walk->seq,
		.family = walk->family,
		.chain_end = SOCKET_CHAIN_ENDS_ODD,
		.nulls_base = LISTENING_NULLS_BASE,
		.show = show_listener,
		.context = walk,
		.table_count = walk->table_count,
	};

	socket_table_walk(&listeners,
			  (const char *)tcp_hashinfo.lhash2 + field_offset(struct inet_listen_hashbucket, nulls_head),
			  type_size(struct inet_listen_hashbucket), socket_bucket_count(tcp_hashinfo.lhash2_mask));
}

void mptcp_sockets_walk(struct socket_walk *walk)
{
	if (!symbol_exists(token_hash) && protocol_find("MPTCP") == NULL)
		guest_fail(STATUS_MISSING, "the target's kernel has no MPTCP");
	if (!symbol_exists(token_hash) || !type_exists(struct mptcp_sock))
		guest_fail(STATUS_UNSUPPORTED, "where this kernel keeps MPTCP's sockets isn't known");
	walk->chain_end = SOCKET_CHAIN_ENDS_ODD;
	walk->nulls_base = 0;
	socket_table_walk(walk, (const char *)token_hash + field_offset(struct token_bucket, msk_chain),
			  type_size(struct token_bucket), socket_bucket_count(token_mask));
	listeners_walk(walk);
}
