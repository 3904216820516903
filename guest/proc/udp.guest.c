/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/udp, udp6, udplite and udplite6: net/ipv4/udp.c, net/ipv6/udp.c,
 * net/ipv6/datagram.c, 5.10 to 7.2. Rows are numbered by bucket. */
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/socket.h"
#include "guest/proc/types/inet.h"

enum {
	UDP_NUMBER_WIDTH = 5,
	/* udp4_seq_show(): the width that IPv4 rows are padded to. */
	UDP4_WIDTH = 127,
};

static const char udp4_header[] = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   "
				  "uid  timeout inode ref pointer drops";
/* IPV6_SEQ_DGRAM_HEADER */
static const char udp6_header[] = "  sl  local_address                         "
				  "remote_address                        "
				  "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops";

static void udp_row_show(void *argument)
{
	const struct socket_row *row = argument;
	const struct sock *socket = row->socket;
	struct seq *seq = row->walk->seq;
	struct socket_line line;

	socket_line_init(&line, &socket->__sk_common, row->bucket, UDP_NUMBER_WIDTH);
	line.local_port = ntohs(((const struct inet_sock *)socket)->inet_sport);
	line.tx_queue = (u32)socket->sk_wmem_alloc.refs.counter - 1; /* one is the socket's own */
	line.rx_queue =
		(u32)socket->sk_backlog.rmem_alloc.counter - (u32)((const struct udp_sock *)socket)->forward_deficit;
	line.uid = socket_uid(socket);
	line.inode = socket_inode(socket);
	seq_setwidth(seq, line.is_v6 ? 0 : UDP4_WIDTH);
	socket_line_print(seq, &line);
	seq_printf(seq, " %u", socket_drops(socket));
	seq_pad(seq, '\n');
}

static void udp_table_show(struct seq *seq, u32 family, const struct udp_table *table)
{
	struct socket_walk walk = {
		.seq = seq,
		.family = family,
		.chain_end = SOCKET_CHAIN_ENDS_NULL,
		.show = udp_row_show,
	};

	seq_setwidth(seq, family == FAMILY_INET ? UDP4_WIDTH : 0);
	seq_puts(seq, family == FAMILY_INET ? udp4_header : udp6_header);
	seq_pad(seq, '\n');
	socket_table_walk(&walk, (const char *)table->hash + field_offset(struct udp_hslot, head),
			  type_size(struct udp_hslot), socket_bucket_count(table->mask));
}

static const struct udp_table *udp_table_of_net(void)
{
	if (field_exists(struct net, ipv4.udp_table))
		return init_net.ipv4.udp_table;
	return &udp_table;
}

void udp_show(struct seq *seq)
{
	udp_table_show(seq, FAMILY_INET, udp_table_of_net());
}

void udp6_show(struct seq *seq)
{
	udp_table_show(seq, FAMILY_INET6, udp_table_of_net());
}

void udplite_show(struct seq *seq)
{
	udp_table_show(seq, FAMILY_INET, &udplite_table);
}

void udplite6_show(struct seq *seq)
{
	udp_table_show(seq, FAMILY_INET6, &udplite_table);
}
