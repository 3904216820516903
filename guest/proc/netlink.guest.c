/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/netlink (netlink_native_seq_show(), net/netlink/af_netlink.c), in
 * the order of its hash tables. */
#include "guest/proc/fault.h"
#include "guest/proc/pointer.h"
#include "guest/proc/rhashtable.h"
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"
#include "guest/proc/socket.h"
#include "guest/proc/task.h"
#include "guest/proc/types/netlink.h"

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct netlink_sock *nlk = row->object;
	const unsigned long *groups = nlk->groups;

	char pointer[POINTER_TEXT_SIZE];

	if (nlk->sk.__sk_common.skc_net.net != net_subject())
		return;
	pointer_text_restricted(pointer, nlk);
	seq_printf(row->seq, "%s %-3d %-10u %08x %-8d %-8d %-5d %-8d %-8u %-8llu\n", pointer, nlk->sk.sk_protocol,
		   nlk->portid, groups != NULL ? (u32)groups[0] : 0, nlk->sk.sk_backlog.rmem_alloc.counter,
		   nlk->sk.sk_wmem_alloc.refs.counter - 1, nlk->cb_running, nlk->sk.__sk_common.skc_refcnt.refs.counter,
		   socket_drops(&nlk->sk), socket_inode(&nlk->sk));
}

struct protocol {
	struct rows *rows;
	const struct netlink_table *table;
};

/* All sockets of one protocol. */
static void show_protocol(void *argument)
{
	const struct protocol *protocol = argument;

	rows_show_rhashtable(protocol->rows, &protocol->table->hash, field_offset(struct netlink_sock, node));
}

const struct netlink_table *netlink_protocol(u32 protocol)
{
	return (const void *)((const char *)nl_table + protocol * type_size(struct netlink_table));
}

void netlink_sockets_show(struct rows *rows, u32 number)
{
	struct protocol protocol = {rows, netlink_protocol(number)};

	if (guest_try(show_protocol, &protocol) != STATUS_OK)
		proc_fault(rows->seq, "the sockets of a protocol are missing", (u64)protocol.table);
}

void netlink_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a socket is missing"};

	seq_puts(seq, "sk               Eth Pid        Groups   "
		      "Rmem     Wmem     Dump  Locks    Drops    Inode\n");
	for (u32 i = 0; i < NETLINK_PROTOCOL_COUNT; i++)
		netlink_sockets_show(&rows, i);
}
