/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/udp: net/ipv4/udp.c of Linux 6.1, over its own headers. */
#include "guest/headers/socket.h"

#include <net/udp.h>

enum {
	ROW_WIDTH = 127,
};

/* udp4_format_sock() */
static void show_socket(void *argument)
{
	const struct row *row = argument;
	struct sock *sk = row->object;
	const struct inet_sock *inet = inet_sk(sk);
	char pointer[POINTER_TEXT_SIZE];

	if (!socket_matches(sk))
		return;
	pointer_text_restricted(pointer, sk);
	seq_setwidth(row->seq, ROW_WIDTH);
	seq_printf(row->seq, "%5d: %08X:%04X %08X:%04X %02X %08X:%08X %02X:%08lX %08X %5u %8d %lu %d %s %u",
		   row->number, inet->inet_rcv_saddr, ntohs(inet->inet_sport), inet->inet_daddr,
		   ntohs(inet->inet_dport), sk->sk_state, sk_wmem_alloc_get(sk), udp_rqueue_get(sk), 0, 0L, 0,
		   socket_owner(sk), 0, socket_inode_number(sk), refcount_read(&sk->sk_refcnt), pointer,
		   atomic_read(&sk->sk_drops));
	seq_pad(row->seq, '\n');
}

void headers_udp_show(struct seq *seq)
{
	struct guest_bound bound = GUEST_BOUND(GUEST_WALK_STEPS_MAX, "sockets of UDP");
	struct sock *sk;

	seq_setwidth(seq, ROW_WIDTH);
	seq_puts(seq, "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
		      "inode ref pointer drops");
	seq_pad(seq, '\n');
	for (unsigned int i = 0, count = bucket_count(udp_table.mask); i < count; i++) {
		struct row_loop loop = ROW_LOOP;

		sk_for_each(sk, &udp_table.hash[i].head)
		{
			struct row row = {.seq = seq, .object = sk, .number = i};

			guest_bound(&bound);
			row_loop_check(&loop, sk);
			row_show(&row, show_socket, "a socket is missing");
		}
	}
}
