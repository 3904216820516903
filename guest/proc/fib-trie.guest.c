/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/fib_trie and fib_triestat: the tree that IPv4's routes are kept in
 * (fib_trie_seq_show(), fib_triestat_seq_show(), net/ipv4/fib_trie.c, 5.10 to 7.2). */
#include "guest/proc/fault.h"
#include "guest/proc/fib.h"
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"

enum {
	TABLE_MAIN = 254, /* RT_TABLE_… (uapi/linux/rtnetlink.h) */
	TABLE_LOCAL = 255,
	SIZE_COUNT = 32, /* MAX_STAT_DEPTH */
	POINTER_SIZE = 8,
};

/* rtn_type_names */
static const char *const type_names[] = {"UNSPEC",    "UNICAST",     "LOCAL",	 "BROADCAST", "ANYCAST", "MULTICAST",
					 "BLACKHOLE", "UNREACHABLE", "PROHIBIT", "THROW",     "NAT",	 "XRESOLVE"};

static void show_table_name(struct seq *seq, u32 number)
{
	if (number == TABLE_LOCAL)
		seq_puts(seq, "Local:\n");
	else if (number == TABLE_MAIN)
		seq_puts(seq, "Main:\n");
	else
		seq_printf(seq, "Id %d:\n", (int)number);
}

/* Each table, in the kernel's order. One that can't be read is said, and the next one is shown. */
struct table_show {
	struct seq *seq;
	const struct fib_table *table;
};

static void show_tables(struct seq *seq, void (*show)(void *table_show))
{
	const struct hlist_head *lists = net_subject()->ipv4.fib_table_hash;
	struct table_show table_show = {.seq = seq};
	const struct fib_table *table;

	for (u32 i = 0; i < fib_list_count(); i++) {
		hlist_for_each_entry (table, &lists[i], tb_hlist) {
			table_show.table = table;
			if (guest_try(show, &table_show) != STATUS_OK)
				proc_fault(seq, "the rest of a table of routes is missing", (u64)table);
		}
	}
}

static const struct tnode *inner_node(const struct key_vector *vector)
{
	return (const struct tnode *)((const char *)vector - field_offset(struct tnode, kv));
}

static void indent(struct seq *seq, u32 count)
{
	for (u32 i = 0; i < count; i++)
		seq_puts(seq, "   ");
}

static void show_key(struct seq *seq, u32 key)
{
	seq_printf(seq, "%u.%u.%u.%u", key >> 24, key >> 16 & 255, key >> 8 & 255, key & 255);
}

/* rtn_scope() */
static void show_scope(struct seq *seq, u32 scope)
{
	switch (scope) {
	case 0: seq_puts(seq, "universe"); return;
	case 200: seq_puts(seq, "site"); return;
	case 253: seq_puts(seq, "link"); return;
	case 254: seq_puts(seq, "host"); return;
	case 255: seq_puts(seq, "nowhere"); return;
	default: seq_printf(seq, "scope=%u", scope);
	}
}

static void show_alias(void *argument)
{
	const struct row *row = argument;
	const struct fib_alias *alias = row->object;
	u32 tos = field_exists(struct fib_alias, fa_tos) ? alias->fa_tos : alias->fa_dscp, type = alias->fa_type;

	if (alias->fa_slen > FIB_KEY_BITS)
		guest_fail(STATUS_MALFORMED, "a route's prefix is longer than an address");
	indent(row->seq, *(const u32 *)row->rows->context + 1);
	seq_printf(row->seq, "  /%u ", (u32)(FIB_KEY_BITS - alias->fa_slen));
	show_scope(row->seq, alias->fa_info->fib_scope);
	if (type < ARRAY_SIZE(type_names))
		seq_printf(row->seq, " %s", type_names[type]);
	else
		seq_printf(row->seq, " type %u", type);
	if (tos != 0)
		seq_printf(row->seq, " tos=%u", tos);
	seq_putc(row->seq, '\n');
}

static void show_node(void *context, const struct key_vector *vector, u32 depth)
{
	const struct table_show *table_show = context;
	struct seq *seq = table_show->seq;
	struct rows rows = {.seq = seq, .show = show_alias, .missing = "a route is missing", .context = &depth};

	if (depth == 0)
		show_table_name(seq, table_show->table->tb_id);
	indent(seq, depth);
	if (vector->bits == 0) {
		seq_puts(seq, "  |-- ");
		show_key(seq, vector->key);
		seq_putc(seq, '\n');
		rows_show_list(&rows, READ_ONCE(vector->leaf.first), field_offset(struct fib_alias, fa_list));
		return;
	}
	seq_puts(seq, "  +-- ");
	show_key(seq, vector->key);
	seq_printf(seq, "/%u %u %u %u\n", (u32)(FIB_KEY_BITS - vector->pos - vector->bits), (u32)vector->bits,
		   inner_node(vector)->full_children, inner_node(vector)->empty_children);
}

static void show_trie(void *argument)
{
	const struct table_show *table_show = argument;

	fib_trie_walk(table_show->table, show_node, argument);
}

void fib_trie_show(struct seq *seq)
{
	show_tables(seq, show_trie);
}

/* ---- fib_triestat */

struct trie_counts {
	u32 depth_sum, depth_max, nodes, leaves, prefixes, empty;
	u32 by_bits[SIZE_COUNT];
};

/* trie_collect_stats() */
static void count_node(void *context, const struct key_vector *vector, u32 depth)
{
	struct guest_bound bound = GUEST_BOUND(GUEST_WALK_STEPS_MAX, "routes of a leaf");
	struct trie_counts *counts = context;

	if (vector->bits != 0) {
		counts->nodes++;
		if (vector->bits < SIZE_COUNT)
			counts->by_bits[vector->bits]++;
		counts->empty += inner_node(vector)->empty_children;
		return;
	}
	counts->leaves++;
	counts->depth_sum += depth;
	counts->depth_max = max(counts->depth_max, depth);
	for (const struct hlist_node *node = READ_ONCE(vector->leaf.first); node != NULL;
	     node = READ_ONCE(node->next)) {
		guest_bound(&bound);
		counts->prefixes++;
	}
}

/* TNODE_SIZE() */
static u32 node_size(u32 children)
{
	return (u32)(field_offset(struct tnode, kv) + field_offset(struct key_vector, tnode)) + children * POINTER_SIZE;
}

/* trie_show_stats() */
static void show_counts(struct seq *seq, const struct trie_counts *counts)
{
	u32 average = counts->leaves != 0 ? counts->depth_sum * 100 / counts->leaves : 0, pointers = 0;

	seq_printf(seq, "\tAver depth:     %u.%02u\n\tMax depth:      %u\n", average / 100, average % 100,
		   counts->depth_max);
	seq_printf(seq, "\tLeaves:         %u\n\tPrefixes:       %u\n\tInternal nodes: %u\n\t", counts->leaves,
		   counts->prefixes, counts->nodes);
	for (u32 bits = 1; bits < SIZE_COUNT; bits++) {
		if (counts->by_bits[bits] == 0)
			continue;
		seq_printf(seq, "  %u: %u", bits, counts->by_bits[bits]);
		pointers += counts->by_bits[bits] << bits;
	}
	seq_printf(seq, "\n\tPointers: %u\nNull ptrs: %u\n", pointers, counts->empty);
	u32 bytes = node_size(1) * counts->leaves + (u32)type_size(struct fib_alias) * counts->prefixes +
		    node_size(0) * counts->nodes + POINTER_SIZE * pointers;
	seq_printf(seq, "Total size: %u  kB\n", (bytes + 1023) / 1024);
}

/* trie_show_usage() */
static void show_usage(struct seq *seq, const struct trie_use_stats *counters)
{
	u32 gets = 0, backtrack = 0, passed = 0, miss = 0, null_hit = 0, skipped = 0, cpu;

	for_each_possible_cpu (cpu) {
		const struct trie_use_stats *its = per_cpu_ptr(counters, cpu);

		gets += its->gets;
		backtrack += its->backtrack;
		passed += its->semantic_match_passed;
		miss += its->semantic_match_miss;
		null_hit += its->null_node_hit;
		skipped += its->resize_node_skipped;
	}
	seq_printf(seq, "\nCounters:\n---------\ngets = %u\nbacktracks = %u\n", gets, backtrack);
	seq_printf(seq, "semantic match passed = %u\nsemantic match miss = %u\n", passed, miss);
	seq_printf(seq, "null node hit= %u\nskipped node resize = %u\n\n", null_hit, skipped);
}

static void show_statistics(void *argument)
{
	const struct table_show *table_show = argument;
	struct trie_counts counts = {};

	fib_trie_walk(table_show->table, count_node, &counts);
	show_table_name(table_show->seq, table_show->table->tb_id);
	show_counts(table_show->seq, &counts);
	if (field_exists(struct trie, stats))
		show_usage(table_show->seq, ((const struct trie *)table_show->table->tb_data)->stats);
}

void fib_triestat_show(struct seq *seq)
{
	seq_printf(seq, "Basic info: size of leaf: %u bytes, size of tnode: %u bytes.\n", node_size(1), node_size(0));
	show_tables(seq, show_statistics);
}
