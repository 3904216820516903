/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/ip_mr_vif, ip_mr_cache and IPv6's: how multicast is routed (net/ipv4/ipmr.c,
 * ipmr_base.c, net/ipv6/ip6mr.c, 5.10 to 7.2). */
#include "guest/proc/devices.h"
#include "guest/proc/multicast.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"

enum {
	TABLE_DEFAULT = 253, /* RT_TABLE_DEFAULT (uapi/linux/rtnetlink.h) */
	TABLE_DEFAULT6 = 254, /* RT6_TABLE_DFLT (net/ip6_fib.h) */
	TABLE_COUNT_MAX = 1 << 16,
};

/* ---- the walk */

static void walk_list(const struct list_head *tables, void (*visit)(void *context, const struct mr_table *table),
		      void *context)
{
	struct guest_bound bound = GUEST_BOUND(TABLE_COUNT_MAX, "tables of multicast routes");
	const struct mr_table *table;

	list_for_each_entry (table, tables, list) {
		guest_bound(&bound);
		visit(context, table);
	}
}

void multicast_tables_walk(bool is_v6, void (*visit)(void *context, const struct mr_table *table), void *context)
{
	const struct net *net = net_subject();
	const struct mr_table *table = NULL;

	if (is_v6 && field_exists(struct netns_ipv6, mr6_tables))
		walk_list(&net->ipv6.mr6_tables, visit, context);
	else if (!is_v6 && field_exists(struct netns_ipv4, mr_tables))
		walk_list(&net->ipv4.mr_tables, visit, context);
	else if (is_v6 && field_exists(struct netns_ipv6, mrt6))
		table = net->ipv6.mrt6;
	else if (!is_v6 && field_exists(struct netns_ipv4, mrt))
		table = net->ipv4.mrt;
	if (table != NULL)
		visit(context, table);
}

void multicast_routes_show(struct rows *rows, const struct mr_table *table, bool is_resolved)
{
	const struct list_head *routes = is_resolved ? &table->mfc_cache_list : &table->mfc_unres_queue;
	const struct mr_mfc *route;
	struct row_loop loop = ROW_LOOP;

	list_for_each_entry (route, routes, list) {
		row_loop_check(&loop, route);
		rows_show(rows, route);
	}
}

void multicast_hops_walk(const struct mr_table *table, const struct mr_mfc *route,
			 void (*visit)(void *context, u32 number, u32 ttl), void *context)
{
	const unsigned char *ttls = route->mfc_un.res.ttls;
	int first = route->mfc_un.res.minvif, end = route->mfc_un.res.maxvif;

	if (first < 0 || end < 0 || end > MROUTE_INTERFACE_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a multicast route leads to more interfaces than there can be");
	for (int i = first; i < end; i++)
		if (mroute_interface(table, (u64)i)->dev != NULL && ttls[i] < MROUTE_TTL_NEVER)
			visit(context, (u32)i, ttls[i]);
}

/* ---- the files */

struct file {
	const struct mr_table *table;
	bool is_v6, is_resolved;
};

/* The first of its number. */
static void find_default(void *context, const struct mr_table *table)
{
	struct file *file = context;

	if (file->table == NULL && table->id == (file->is_v6 ? TABLE_DEFAULT6 : TABLE_DEFAULT))
		file->table = table;
}

/* Ends with ENOENT, as the kernel does, where there is no such table. */
static void file_init(struct file *file, bool is_v6)
{
	*file = (struct file){.is_v6 = is_v6, .is_resolved = true};
	multicast_tables_walk(is_v6, find_default, file);
	if (file->table == NULL)
		guest_fail(STATUS_MISSING, "no table of multicast routes");
}

static void show_interface(void *argument)
{
	const struct row *row = argument;
	const struct vif_device *interface = row->object;
	const struct file *file = row->rows->context;
	u64 number =
		(u64)guest_distance(struct vif_device, (const struct vif_device *)file->table->vif_table, interface);
	char name[DEVICE_NAME_SIZE];

	device_name(interface->dev, name);
	seq_printf(row->seq, "%2llu %-10s %8ld %7ld  %8ld %7ld %05X", number, name, interface->bytes_in,
		   interface->pkt_in, interface->bytes_out, interface->pkt_out, interface->flags);
	if (!file->is_v6)
		seq_printf(row->seq, " %08X %08X", interface->local, interface->remote);
	seq_putc(row->seq, '\n');
}

static void show_interfaces(struct seq *seq, bool is_v6, const char *header)
{
	struct file file;
	struct rows rows = {.seq = seq, .show = show_interface, .missing = "an interface is missing", .context = &file};

	file_init(&file, is_v6);
	int count = file.table->maxvif;
	if (count < 0 || count > MROUTE_INTERFACE_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a table of multicast routes has more interfaces than any could");
	seq_puts(seq, header);
	for (int i = 0; i < count; i++)
		if (mroute_interface(file.table, (u64)i)->dev != NULL)
			rows_show(&rows, mroute_interface(file.table, (u64)i));
}

void ip_mr_vif_show(struct seq *seq)
{
	show_interfaces(seq, false, "Interface      BytesIn  PktsIn  BytesOut PktsOut Flags Local    Remote\n");
}

void ip6_mr_vif_show(struct seq *seq)
{
	show_interfaces(seq, true, "Interface      BytesIn  PktsIn  BytesOut PktsOut Flags\n");
}

static void show_address(struct seq *seq, const struct in6_addr *address)
{
	unsigned char bytes[16];

	guest_copy(bytes, address, sizeof bytes);
	for (u32 i = 0; i < sizeof bytes; i += 2)
		seq_printf(seq, "%02x%02x%c", bytes[i], bytes[i + 1], i + 2 < sizeof bytes ? ':' : ' ');
}

static void show_outgoing(void *context, u32 number, u32 ttl)
{
	seq_printf(*(struct seq **)context, " %2u:%-3u", number, ttl);
}

static void show_route(void *argument)
{
	const struct row *row = argument;
	const struct mr_mfc *route = row->object;
	const struct file *file = row->rows->context;
	struct seq *seq = row->seq;

	if (file->is_v6) {
		show_address(row->seq, &((const struct mfc6_cache *)route)->mf6c_mcastgrp);
		show_address(row->seq, &((const struct mfc6_cache *)route)->mf6c_origin);
	} else {
		seq_printf(row->seq, "%08X %08X ", ((const struct mfc_cache *)route)->mfc_mcastgrp,
			   ((const struct mfc_cache *)route)->mfc_origin);
	}
	seq_printf(row->seq, "%-3d", (s16)route->mfc_parent);
	if (file->is_resolved) {
		seq_printf(row->seq, " %8llu %8llu %8llu", MROUTE_WORD(route, pkt), MROUTE_WORD(route, bytes),
			   MROUTE_WORD(route, wrong_if));
		multicast_hops_walk(file->table, route, show_outgoing, &seq);
	} else {
		seq_printf(row->seq, " %8d %8d %8d", 0, 0, 0);
	}
	seq_putc(row->seq, '\n');
}

static void show_routes(struct seq *seq, bool is_v6, const char *header)
{
	struct file file;
	struct rows rows = {.seq = seq, .show = show_route, .missing = "a route is missing", .context = &file};

	file_init(&file, is_v6);
	seq_puts(seq, header);
	multicast_routes_show(&rows, file.table, true);
	file.is_resolved = false;
	multicast_routes_show(&rows, file.table, false);
}

void ip_mr_cache_show(struct seq *seq)
{
	show_routes(seq, false, "Group    Origin   Iif     Pkts    Bytes    Wrong Oifs\n");
}

void ip6_mr_cache_show(struct seq *seq)
{
	show_routes(seq, true,
		    "Group                            Origin                           "
		    "Iif      Pkts  Bytes     Wrong  Oifs\n");
}
