/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/icmp and icmp6, the sockets of unprivileged ping: net/ipv4/ping.c,
 * net/ipv6/ping.c, 5.10 to 7.2. Rows are numbered by bucket. */
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/socket.h"
#include "guest/proc/types/inet.h"

enum {
	ICMP_NUMBER_WIDTH = 5,
	/* ping_v4_seq_show(): the width that IPv4 rows are padded to. */
	ICMP4_WIDTH = 127,
};

static void icmp_row_show(void *argument)
{
	const struct socket_row *row = argument;
	const struct sock *socket = row->socket;
	struct seq *seq = row->walk->seq;
	struct socket_line line;

	socket_line_init(&line, &socket->__sk_common, row->bucket, ICMP_NUMBER_WIDTH);
	line.local_port = ntohs(((const struct inet_sock *)socket)->inet_sport);
	line.tx_queue = (u32)socket->sk_wmem_alloc.refs.counter - 1; /* one is the socket's own */
	line.rx_queue = (u32)socket->sk_backlog.rmem_alloc.counter;
	line.uid = socket_uid(socket);
	line.inode = socket_inode(socket);
	seq_setwidth(seq, line.is_v6 ? 0 : ICMP4_WIDTH);
	socket_line_print(seq, &line);
	seq_printf(seq, " %u", socket_drops(socket));
	seq_pad(seq, '\n');
}

static void icmp_table_show(struct seq *seq, u32 family)
{
	struct socket_walk walk = {
		.seq = seq,
		.family = family,
		.chain_end = SOCKET_CHAIN_ENDS_EITHER,
		.show = icmp_row_show,
	};
	u64 head_size = type_size(struct hlist_head);

	socket_table_walk(&walk, &ping_table.hash, head_size, field_size(struct ping_table, hash) / head_size);
}

void icmp_show(struct seq *seq)
{
	seq_setwidth(seq, ICMP4_WIDTH);
	seq_puts(seq, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
		      "inode ref pointer drops");
	seq_pad(seq, '\n');
	icmp_table_show(seq, FAMILY_INET);
}

void icmp6_show(struct seq *seq)
{
	/* IPV6_SEQ_DGRAM_HEADER */
	seq_puts(seq, "  sl  local_address                         remote_address                        "
		      "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n");
	icmp_table_show(seq, FAMILY_INET6);
}
