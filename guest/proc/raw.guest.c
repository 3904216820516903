/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/raw and raw6: net/ipv4/raw.c, net/ipv6/raw.c, 5.10 to 7.2. Rows
 * are numbered by bucket, which was the protocol once. */
#include "guest/proc/ahead.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/socket.h"
#include "guest/proc/task.h"
#include "guest/proc/types/inet.h"

enum {
	RAW4_NUMBER_WIDTH = 4,
	RAW6_NUMBER_WIDTH = 5,
};

static void raw_row_show(void *argument)
{
	const struct socket_row *row = argument;
	const struct sock *socket = row->socket;
	struct seq *seq = row->walk->seq;
	struct socket_line line;

	socket_line_init(&line, &socket->__sk_common, row->bucket,
			 row->walk->family == FAMILY_INET ? RAW4_NUMBER_WIDTH : RAW6_NUMBER_WIDTH);
	line.remote_port = 0;
	line.tx_queue = (u32)socket->sk_wmem_alloc.refs.counter - 1; /* one is the socket's own */
	line.rx_queue = (u32)socket->sk_backlog.rmem_alloc.counter;
	line.uid = socket_uid(socket);
	line.inode = socket_inode(socket);
	socket_line_print(seq, &line);
	seq_printf(seq, " %u\n", socket_drops(socket));
}

void raw_sockets_walk(struct socket_walk *walk)
{
	const struct raw_hashinfo *table = walk->family == FAMILY_INET ? &raw_v4_hashinfo : &raw_v6_hashinfo;
	u64 head_size = type_size(struct hlist_head);

	walk->chain_end = SOCKET_CHAIN_ENDS_NULL;
	socket_table_walk(walk, &table->ht, head_size, field_size(struct raw_hashinfo, ht) / head_size);
}

/* As the walk, and what a row reads. */
static void raw_ahead(void *argument)
{
	u32 family = *(const u32 *)argument;
	u64 head_size = type_size(struct hlist_head);

	socket_facts_ahead();
	AHEAD_START (family == FAMILY_INET ? &raw_v4_hashinfo : &raw_v6_hashinfo)
		AHEAD_MEMBER (struct raw_hashinfo, ht)
			AHEAD_ARRAY_HERE (head_size, field_size(struct raw_hashinfo, ht) / head_size)
				AHEAD_CHAIN_HERE (struct sock, __sk_common.skc_node, ~0ull)
					AHEAD_IF (struct sock, __sk_common.skc_family, family)
						AHEAD_IF (struct sock, __sk_common.skc_net, net_subject()) {
							socket_line_ahead(family);
							AHEAD_TAKE(struct sock, sk_wmem_alloc);
							AHEAD_TAKE(struct sock, sk_backlog.rmem_alloc);
							socket_owner_ahead();
							socket_drops_ahead();
						}
}

static void raw_table_show(struct seq *seq, u32 family)
{
	struct socket_walk walk = {.seq = seq, .family = family, .show = raw_row_show};

	ahead(raw_ahead, &family,
	      (u64)net_subject() | AHEAD_KEY_RAW | (family == FAMILY_INET6 ? AHEAD_KEY_OF_V6 : AHEAD_KEY_OF_V4));
	raw_sockets_walk(&walk);
}

void raw_show(struct seq *seq)
{
	seq_puts(seq, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
		      "inode ref pointer drops\n");
	raw_table_show(seq, FAMILY_INET);
}

void raw6_show(struct seq *seq)
{
	/* IPV6_SEQ_DGRAM_HEADER */
	seq_puts(seq, "  sl  local_address                         remote_address                        "
		      "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n");
	raw_table_show(seq, FAMILY_INET6);
}
