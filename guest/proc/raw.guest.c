/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/raw and raw6: net/ipv4/raw.c, net/ipv6/raw.c, 5.10 to 7.2. Rows
 * are numbered by bucket, which was the protocol once. */
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/socket.h"
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

static void raw_table_show(struct seq *seq, u32 family, const struct raw_hashinfo *table)
{
	struct socket_walk walk = {
		.seq = seq,
		.family = family,
		.chain_end = SOCKET_CHAIN_ENDS_NULL,
		.show = raw_row_show,
	};
	u64 head_size = type_size(struct hlist_head);

	socket_table_walk(&walk, &table->ht, head_size, field_size(struct raw_hashinfo, ht) / head_size);
}

void raw_show(struct seq *seq)
{
	seq_puts(seq, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
		      "inode ref pointer drops\n");
	raw_table_show(seq, FAMILY_INET, &raw_v4_hashinfo);
}

void raw6_show(struct seq *seq)
{
	/* IPV6_SEQ_DGRAM_HEADER */
	seq_puts(seq, "  sl  local_address                         remote_address                        "
		      "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n");
	raw_table_show(seq, FAMILY_INET6, &raw_v6_hashinfo);
}
