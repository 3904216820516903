/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/route: the main table (fib_route_seq_show(), net/ipv4/fib_trie.c). */
#include "guest/proc/devices.h"
#include "guest/proc/fib.h"
#include "guest/proc/mention.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"

enum {
	ROUTE_LINE_WIDTH = 127,
	TABLE_MAIN = 254, /* RT_TABLE_MAIN (uapi/linux/rtnetlink.h) */
	/* Each level of the trie decides at least one bit; the root none. */
	TRIE_DEPTH_MAX = FIB_KEY_BITS + 1,
	/* RTN_… and RTAX_… − 1 (uapi/linux/rtnetlink.h). */
	TYPE_BROADCAST = 3,
	TYPE_MULTICAST = 5,
	TYPE_UNREACHABLE = 7,
	TYPE_PROHIBIT = 8,
	METRIC_WINDOW = 3 - 1,
	METRIC_RTT = 4 - 1,
	METRIC_ADVMSS = 8 - 1,
	/* RTF_… (uapi/linux/route.h). */
	FLAG_UP = 0x1,
	FLAG_GATEWAY = 0x2,
	FLAG_HOST = 0x4,
	FLAG_REJECT = 0x200,
	FAMILY_IPV4 = 2, /* AF_INET */
};

extern char fib_route_seq_show[];

u32 fib_list_count(void)
{
	return field_exists(struct netns_ipv4, fib_main) ? FIB_LIST_COUNT : FIB_LIST_COUNT_SIMPLE;
}

static const struct fib_table *main_table(void)
{
	u32 list = TABLE_MAIN & (fib_list_count() - 1);
	struct fib_table *table;

	hlist_for_each_entry (table, &net_subject()->ipv4.fib_table_hash[list], tb_hlist)
		if (table->tb_id == TABLE_MAIN)
			return table;
	return NULL;
}

const struct fib_nh_common *fib_first_hop(const struct fib_info *info)
{
	const struct nexthop *nexthop = info->nh;

	if (nexthop == NULL)
		return (const struct fib_nh_common *)info->fib_nh;
	if (nexthop->is_group) {
		const struct nh_group *group = nexthop->nh_grp;
		const struct nh_grp_entry *entries = group->nh_entries;

		if (field_exists(struct nh_group, is_multipath) ? group->is_multipath : group->mpath) {
			if (group->num_nh == 0)
				return NULL;
			nexthop = entries[0].nh;
		}
	}
	return &nexthop->nh_info->fib_nhc;
}

/* What the rows of a file share. The kernel's code is searched for an answer at
 * the first row that needs one, and only then: that costs as many steps as
 * thousands of rows. */
struct file {
	u32 table;
	enum { METRIC_UNKNOWN, METRIC_SIGNED, METRIC_UNSIGNED } metric;
};

/* Until 7.1 the kernel printed a metric of 2³¹ and more as a negative number. */
static bool metric_is_signed(struct file *file, u32 metric)
{
	if (metric >> 31 == 0)
		return false;
	if (file->metric == METRIC_UNKNOWN)
		file->metric = code_mentions(fib_route_seq_show, "%s\t%08X\t%08X\t%04X\t%d\t%u\t%d\t")
				       ? METRIC_SIGNED
				       : METRIC_UNSIGNED;
	return file->metric == METRIC_SIGNED;
}

static void show_hop(struct seq *seq, struct file *file, u32 prefix, u32 mask, u32 flags, const struct fib_info *info)
{
	const struct fib_nh_common *hop = fib_first_hop(info);
	const u32 *metrics = info->fib_metrics->metrics;
	u32 gateway = hop->nhc_gw_family == FAMILY_IPV4 ? hop->nhc_gw.ipv4 : 0;
	u32 advmss = metrics[METRIC_ADVMSS];
	char device[DEVICE_NAME_SIZE] = "*";

	if (hop->nhc_gw.ipv4 != 0)
		flags |= FLAG_GATEWAY;
	if (hop->nhc_dev != NULL)
		device_name(hop->nhc_dev, device);
	seq_printf(seq, "%s\t%08X\t%08X\t%04X\t%d\t%u\t", device, prefix, gateway, flags, 0, 0);
	if (metric_is_signed(file, info->fib_priority))
		seq_printf(seq, "%d", (int)info->fib_priority);
	else
		seq_printf(seq, "%u", info->fib_priority);
	seq_printf(seq, "\t%08X\t%d\t%u\t%u", mask, advmss != 0 ? (int)(advmss + 40) : 0, metrics[METRIC_WINDOW],
		   metrics[METRIC_RTT] >> 3);
}

/* What the rows of a leaf share. */
struct leaf {
	struct file *file;
	u32 key; /* in our byte order */
};

static void show_route(void *argument)
{
	const struct row *row = argument;
	const struct fib_alias *alias = row->object;
	const struct leaf *leaf = row->rows->context;
	u32 length = FIB_KEY_BITS - alias->fa_slen;
	u32 prefix = htonl(leaf->key);
	u32 mask = length == 0 ? 0 : htonl(~0u << (FIB_KEY_BITS - length));
	u32 flags = FLAG_UP;

	/* A leaf may hold routes of the local table too: the two share a trie. */
	if (alias->fa_type == TYPE_BROADCAST || alias->fa_type == TYPE_MULTICAST || alias->tb_id != leaf->file->table)
		return;
	if (alias->fa_slen > FIB_KEY_BITS)
		guest_fail(STATUS_MALFORMED, "a route's prefix is longer than an address");
	if (alias->fa_type == TYPE_UNREACHABLE || alias->fa_type == TYPE_PROHIBIT)
		flags |= FLAG_REJECT;
	if (length == FIB_KEY_BITS)
		flags |= FLAG_HOST;
	seq_setwidth(row->seq, ROUTE_LINE_WIDTH);
	if (alias->fa_info != NULL)
		show_hop(row->seq, leaf->file, prefix, mask, flags, alias->fa_info);
	else
		seq_printf(row->seq, "*\t%08X\t%08X\t%04X\t%d\t%u\t%d\t%08X\t%d\t%u\t%u", prefix, 0, flags, 0, 0, 0,
			   mask, 0, 0, 0);
	seq_pad(row->seq, '\n');
}

/* What a walk brings to its leaves. */
struct file_rows {
	struct rows *rows;
	struct file *file;
};

static void show_leaf(void *context, const struct key_vector *vector, u32 depth)
{
	const struct file_rows *file_rows = context;
	struct rows *rows = file_rows->rows;
	struct leaf leaf = {file_rows->file, vector->key};

	if (vector->bits != 0)
		return;
	rows->context = &leaf;
	rows_show_list(rows, READ_ONCE(vector->leaf.first), field_offset(struct fib_alias, fa_list));
	rows->context = NULL;
}

struct trie_place {
	const struct key_vector *node;
	u64 next, count; /* children */
};

static struct trie_place enter(const struct key_vector *node)
{
	u32 bits = node->bits;

	if (bits > FIB_KEY_BITS)
		guest_fail(STATUS_MALFORMED, "a node of the routing trie has more children than there are addresses");
	return (struct trie_place){node, 0, 1ull << bits};
}

/* Down and along, with the nodes above on a stack. */
void fib_trie_walk(const struct fib_table *table,
		   void (*visit)(void *context, const struct key_vector *vector, u32 depth), void *context)
{
	const struct key_vector *root = ((const struct trie *)table->tb_data)->kv;
	struct guest_bound bound = GUEST_BOUND(GUEST_WALK_STEPS_MAX, "routing trie");
	struct trie_place stack[TRIE_DEPTH_MAX];
	u32 depth = 1;

	stack[0] = enter(root);
	while (depth != 0) {
		struct trie_place *place = &stack[depth - 1];

		guest_bound(&bound);
		if (place->next == place->count) {
			depth--;
			continue;
		}
		struct key_vector *const *children = (struct key_vector *const *)place->node->tnode;
		const struct key_vector *child = READ_ONCE(children[place->next++]);
		if (child == NULL)
			continue;
		visit(context, child, depth - 1);
		if (child->bits == 0)
			continue;
		if (depth == TRIE_DEPTH_MAX)
			guest_fault_limit("levels of the routing trie");
		stack[depth++] = enter(child);
	}
}

void route_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_route, .missing = "a route is missing"};
	const struct fib_table *table = main_table();
	struct file file = {};

	if (table == NULL)
		return;
	seq_printf(seq, "%-*s\n", ROUTE_LINE_WIDTH,
		   "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT");
	file.table = table->tb_id;
	fib_trie_walk(table, show_leaf, &(struct file_rows){&rows, &file});
}
