/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/netlink (netlink_native_seq_show(), net/netlink/af_netlink.c), in
 * the order of rhashtable_walk_next() (lib/rhashtable.c). */
#include "guest/proc/fault.h"
#include "guest/proc/pointer.h"
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"
#include "guest/proc/socket.h"
#include "guest/proc/types/netlink.h"

enum {
	NETLINK_PROTOCOL_COUNT = 32, /* MAX_LINKS (uapi/linux/netlink.h) */
	/* Tables double with their number of elements; no guest holds as many
	 * netlink sockets as this has lists. */
	RHASHTABLE_SIZE_MAX = 1 << 22,
	/* A table is followed by the one that it is moved to; a second move
	 * can begin, and so on: few in practice. */
	RHASHTABLE_FOLLOWERS_MAX = 8,
	/* Pointers in a page, as a power of two: nested tables' fan-out. */
	NESTED_SHIFT = 9,
	NESTED_DEPTH_MAX = 8,
};

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct netlink_sock *nlk = row->object;
	const unsigned long *groups = nlk->groups;

	char pointer[POINTER_TEXT_SIZE];

	if (nlk->sk.__sk_common.skc_net.net != &init_net)
		return;
	pointer_text_restricted(pointer, nlk);
	seq_printf(row->seq, "%s %-3d %-10u %08x %-8d %-8d %-5d %-8d %-8u %-8llu\n", pointer, nlk->sk.sk_protocol,
		   nlk->portid, groups != NULL ? (u32)groups[0] : 0, nlk->sk.sk_backlog.rmem_alloc.counter,
		   nlk->sk.sk_wmem_alloc.refs.counter - 1, nlk->cb_running, nlk->sk.__sk_common.skc_refcnt.refs.counter,
		   socket_drops(&nlk->sk), socket_inode(&nlk->sk));
}

/* The list in slot `slot` of a table that is a tree of pages, because memory
 * was short when it was made (__rht_bucket_nested()). */
static unsigned long nested_list(const struct bucket_table *table, u32 slot)
{
	u32 size = table->size >> table->nest;
	const unsigned long *level = (const unsigned long *)table->buckets[0];
	u32 rest = slot >> table->nest;

	level = (const unsigned long *)level[slot & ((1u << table->nest) - 1)];
	for (int depth = 0; level != NULL && size > 1u << NESTED_SHIFT; depth++) {
		if (depth == NESTED_DEPTH_MAX)
			guest_fault_limit("nested hash table");
		level = (const unsigned long *)level[rest & ((1u << NESTED_SHIFT) - 1)];
		size >>= NESTED_SHIFT;
		rest >>= NESTED_SHIFT;
	}
	return level != NULL ? level[rest] : 0;
}

static void show_table(struct rows *rows, const struct bucket_table *table)
{
	u32 size = table->size, nest = table->nest;
	const unsigned long *lists = table->buckets;

	if (size > RHASHTABLE_SIZE_MAX || nest > NESTED_SHIFT)
		guest_fail(STATUS_MALFORMED, "a netlink hash table is larger than any could be");
	for (u32 i = 0; i < size; i++) {
		unsigned long first = nest != 0 ? nested_list(table, i) : lists[i];

		/* Bit 0 is the list's lock. */
		rows_show_list(rows, (const void *)(first & ~1ul), field_offset(struct netlink_sock, node));
	}
}

struct protocol {
	struct rows *rows;
	const struct netlink_table *table;
};

/* All sockets of one protocol. While a table is being moved, its elements are
 * in it or in those that follow it. */
static void show_protocol(void *argument)
{
	const struct protocol *protocol = argument;
	const struct bucket_table *table = READ_ONCE(protocol->table->hash.tbl);
	struct guest_bound bound = GUEST_BOUND(RHASHTABLE_FOLLOWERS_MAX, "netlink hash tables");

	for (; table != NULL; table = READ_ONCE(table->future_tbl)) {
		guest_bound(&bound);
		show_table(protocol->rows, table);
	}
}

void netlink_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a socket is missing", .ends_odd = true};
	const char *tables = (const char *)nl_table;

	seq_puts(seq, "sk               Eth Pid        Groups   "
		      "Rmem     Wmem     Dump  Locks    Drops    Inode\n");
	for (u64 i = 0; i < NETLINK_PROTOCOL_COUNT; i++) {
		struct protocol protocol = {&rows, (const void *)(tables + i * type_size(struct netlink_table))};

		if (guest_try(show_protocol, &protocol) != STATUS_OK)
			proc_fault(seq, "the sockets of a protocol are missing", (u64)protocol.table);
	}
}
