/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6's routing trees, table by table, as fib6_walk_continue() goes, and
 * /proc/net/ipv6_route (net/ipv6/ip6_fib.c, 5.10 to 7.2). */
#include "guest/proc/fib6.h"

#include "guest/proc/devices.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/net.h"

enum {
	LIST_COUNT = 256, /* FIB6_TABLE_HASHSZ with policy routing; else 1 */
	NODE_HAS_ROUTE = 0x4, /* RTN_RTINFO */
	/* Each level decides a bit of 128, of source and destination. */
	DEPTH_MAX = 2 * 128 + 2,
	ADDRESS_SIZE = 16,
	FLAG_GATEWAY = 0x2, /* RTF_GATEWAY */
};

/* The routes of one node; those of one destination with the same metric are one
 * route of several hops, and stand in the list one by one. */
static void show_node(struct rows *rows, const struct fib6_node *node, bool each_hop)
{
	struct guest_bound bound = GUEST_BOUND(GUEST_WALK_STEPS_MAX, "routes of a prefix");
	u32 skip = 0;

	if (!(node->fn_flags & NODE_HAS_ROUTE))
		return;
	for (const struct fib6_info *info = READ_ONCE(node->leaf); info != NULL; info = READ_ONCE(info->fib6_next)) {
		guest_bound(&bound);
		if (skip != 0) {
			skip--;
			continue;
		}
		rows_show(rows, info);
		skip = each_hop ? 0 : info->fib6_nsiblings;
	}
}

struct place {
	const struct fib6_node *node;
	u32 next;
};

static const struct fib6_node *child_of(const struct fib6_node *node, u32 which)
{
	switch (which) {
	case 0: return field_exists(struct fib6_node, subtree) ? READ_ONCE(node->subtree) : NULL;
	case 1: return READ_ONCE(node->left);
	default: return READ_ONCE(node->right);
	}
}

/* A node is below one other, and once: else its routes would be shown again. */
static void check_child(const struct fib6_node *child, const struct place *place)
{
	if (READ_ONCE(child->parent) != place->node)
		guest_fail(STATUS_TORN, "a node of IPv6's routing tree says that it is below another one");
	for (u32 i = 0; i < place->next; i++)
		if (child_of(place->node, i) == child)
			guest_fail(STATUS_TORN, "a node of IPv6's routing tree is below another one twice");
}

static void show_tree(struct rows *rows, const struct fib6_node *root, bool each_hop)
{
	struct guest_bound bound = GUEST_BOUND(GUEST_WALK_STEPS_MAX, "IPv6's routing tree");
	struct place stack[DEPTH_MAX];
	u32 depth = 1;

	stack[0] = (struct place){root, 0};
	while (depth != 0) {
		struct place *place = &stack[depth - 1];

		guest_bound(&bound);
		if (place->next == 3) {
			show_node(rows, place->node, each_hop);
			depth--;
			continue;
		}
		const struct fib6_node *child = child_of(place->node, place->next);
		if (child != NULL)
			check_child(child, place);
		place->next++;
		if (child == NULL)
			continue;
		if (depth == DEPTH_MAX)
			guest_fault_limit("levels of IPv6's routing tree");
		stack[depth++] = (struct place){child, 0};
	}
}

void fib6_routes_show(struct rows *rows, bool each_hop,
		      bool (*enter)(const void *context, const struct fib6_table *table))
{
	const struct net *net = net_subject();
	const struct hlist_head *lists = net->ipv6.fib_table_hash;
	/* Without policy routing there is one list. */
	u32 count = field_exists(struct netns_ipv6, fib6_rules_ops) ? LIST_COUNT : 1;
	const struct fib6_table *table;

	for (u32 i = 0; i < count; i++) {
		hlist_for_each_entry (table, &lists[i], tb6_hlist)
			if (enter == NULL || enter(rows->context, table))
				show_tree(rows, (const struct fib6_node *)&table->tb6_root, each_hop);
	}
}

/* ---- /proc/net/ipv6_route */

static void show_address(struct seq *seq, const struct in6_addr *address)
{
	for (u32 i = 0; i < ADDRESS_SIZE; i++)
		seq_printf(seq, "%02x", address->in6_u.u6_addr8[i]);
}

/* Of a route by a nexthop object: nexthop_fib6_nh(). */
static const struct fib_nh_common *hop_of(const struct fib6_info *info)
{
	const struct nexthop *nexthop = info->nh;

	if (nexthop == NULL)
		return &info->fib6_nh[0].nh_common;
	if (nexthop->is_group)
		nexthop = nexthop->nh_grp->nh_entries[0].nh;
	return &nexthop->nh_info->fib_nhc;
}

/* ipv6_route_native_seq_show() */
static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct fib6_info *info = row->object;
	const struct fib_nh_common *hop = hop_of(info);
	char name[DEVICE_NAME_SIZE] = "";
	bool has_gateway = hop->nhc_gw_family != 0;
	struct seq *seq = row->seq;

	show_address(seq, &info->fib6_dst.addr);
	seq_printf(seq, " %02x ", (u32)info->fib6_dst.plen);
	if (field_exists(struct fib6_node, subtree)) {
		show_address(seq, &info->fib6_src.addr);
		seq_printf(seq, " %02x ", (u32)info->fib6_src.plen);
	} else {
		seq_puts(seq, "00000000000000000000000000000000 00 ");
	}
	if (has_gateway)
		show_address(seq, &hop->nhc_gw.ipv6);
	else
		seq_puts(seq, "00000000000000000000000000000000");
	if (hop->nhc_dev != NULL)
		device_name(hop->nhc_dev, name);
	seq_printf(seq, " %08x %08x %08x %08x %8s\n", info->fib6_metric, (u32)info->fib6_ref.refs.counter, 0,
		   info->fib6_flags | (has_gateway ? FLAG_GATEWAY : 0), name);
}

void ipv6_route_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a route is missing"};

	fib6_routes_show(&rows, true, NULL);
}
