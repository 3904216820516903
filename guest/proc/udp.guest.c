/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/udp, udp6, udplite and udplite6: net/ipv4/udp.c, net/ipv6/udp.c,
 * net/ipv6/datagram.c, 5.10 to 7.2. Rows are numbered by bucket. */
#include "guest/proc/ahead.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/socket.h"
#include "guest/proc/task.h"
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

/* ---- reading ahead: as the walk below, and what a row reads */

static void row_ahead(const struct sockets_question *question)
{
	u32 family = question->family;

	AHEAD_OF_FAMILY(family)
	AHEAD_IF (struct sock, __sk_common.skc_net, net_subject()) {
		socket_line_ahead(family);
		AHEAD_TAKE(struct inet_sock, inet_sport);
		AHEAD_TAKE(struct sock, sk_wmem_alloc);
		AHEAD_TAKE(struct sock, sk_backlog.rmem_alloc);
		AHEAD_TAKE(struct udp_sock, forward_deficit);
		socket_owner_ahead();
		socket_drops_ahead();
		sockets_more_ahead(question);
	}
}

static void table_ahead(const struct sockets_question *question)
{
	AHEAD_ARRAY (struct udp_table, hash, type_size(struct udp_hslot), mask, true, SOCKET_BUCKET_COUNT_MAX)
		AHEAD_CHAIN (struct udp_hslot, head.first, struct sock, __sk_common.skc_node)
			row_ahead(question);
}

static void udp_ahead(void *argument)
{
	const struct sockets_question *question = argument;

	socket_facts_ahead();
	if (question->key == AHEAD_KEY_UDPLITE) {
		AHEAD_START (&udplite_table)
			table_ahead(question);
	} else if (field_exists(struct net, ipv4.udp_table)) {
		AHEAD_START (net_subject())
			AHEAD_FOLLOW (struct net, ipv4.udp_table)
				table_ahead(question);
	} else {
		AHEAD_START (&udp_table)
			table_ahead(question);
	}
}

static void read_ahead(const struct socket_walk *walk, bool is_lite)
{
	sockets_ahead(udp_ahead, is_lite ? AHEAD_KEY_UDPLITE : AHEAD_KEY_UDP, walk);
}

static void table_walk(struct socket_walk *walk, const struct udp_table *table)
{
	walk->chain_end = SOCKET_CHAIN_ENDS_NULL;
	socket_table_walk(walk, (const char *)table->hash + field_offset(struct udp_hslot, head),
			  type_size(struct udp_hslot), socket_bucket_count(table->mask));
}

static const struct udp_table *udp_table_of_net(void)
{
	if (field_exists(struct net, ipv4.udp_table))
		return net_subject()->ipv4.udp_table;
	return &udp_table;
}

void udp_sockets_walk(struct socket_walk *walk, bool is_lite)
{
	read_ahead(walk, is_lite);
	/* The kernels without UDP-Lite (from 7.0) have no sockets of it. */
	if (!is_lite)
		table_walk(walk, udp_table_of_net());
	else if (symbol_exists(udplite_table))
		table_walk(walk, &udplite_table);
}

static void file_show(struct seq *seq, u32 family, bool is_lite)
{
	struct socket_walk walk = {.seq = seq, .family = family, .show = udp_row_show};

	read_ahead(&walk, is_lite);
	seq_setwidth(seq, family == FAMILY_INET ? UDP4_WIDTH : 0);
	seq_puts(seq, family == FAMILY_INET ? udp4_header : udp6_header);
	seq_pad(seq, '\n');
	table_walk(&walk, is_lite ? &udplite_table : udp_table_of_net());
}

void udp_show(struct seq *seq)
{
	file_show(seq, FAMILY_INET, false);
}

void udp6_show(struct seq *seq)
{
	file_show(seq, FAMILY_INET6, false);
}

void udplite_show(struct seq *seq)
{
	file_show(seq, FAMILY_INET, true);
}

void udplite6_show(struct seq *seq)
{
	file_show(seq, FAMILY_INET6, true);
}
