/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/packet (packet_seq_show(), net/packet/af_packet.c). */
#include "guest/proc/mention.h"
#include "guest/proc/pointer.h"
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"
#include "guest/proc/socket.h"
#include "guest/proc/symbols.h"
#include "guest/proc/task.h"
#include "guest/proc/types/packet.h"

/* The kernel's function, in which its header line can be looked up. */
extern char packet_seq_show[];

/* The first column became as wide as 64-bit pointers in 5.16. */
static bool header_is_narrow(void)
{
	const char *function = symbol_exists(packet_seq_show) ? packet_seq_show : module_symbol_find("packet_seq_show");

	return function != NULL && code_mentions(function, "sk       RefCnt ");
}

/* Receives packets: a flag of its own, or a bit of the flags. */
static bool is_running(const struct packet_sock *po)
{
	if (field_exists(struct packet_sock, running))
		return po->running;
	return po->flags >> enum_value(enum packet_sock_flags, PACKET_SOCK_RUNNING) & 1;
}

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct packet_sock *po = row->object;

	char pointer[POINTER_TEXT_SIZE];

	pointer_text_restricted(pointer, po);
	seq_printf(row->seq, "%s %-6d %-4d %04x   %-5d %1d %-6u %-6u %-6llu\n", pointer,
		   po->sk.__sk_common.skc_refcnt.refs.counter, po->sk.sk_type, ntohs(po->num), po->ifindex,
		   is_running(po), (unsigned int)po->sk.sk_backlog.rmem_alloc.counter, socket_uid(&po->sk),
		   socket_inode(&po->sk));
}

void packet_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a socket is missing"};

	seq_printf(seq, "%-*sRefCnt Type Proto  Iface R Rmem   User   Inode\n", header_is_narrow() ? 9 : 17, "sk");
	rows_show_list(&rows, READ_ONCE(net_subject()->packet.sklist.first),
		       field_offset(struct sock, __sk_common.skc_node));
}
