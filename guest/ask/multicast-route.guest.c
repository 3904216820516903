/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RTM_GETROUTE's routes of multicast: ipmr_fill_mroute(), ip6mr_fill_mroute() (net/ipv4/ipmr.c,
 * ipmr_base.c, net/ipv6/ip6mr.c, 5.10 to 7.2). */
#include "guest/ask/dumps.h"
#include "guest/ask/route-message.h"
#include "guest/proc/multicast.h"
#include "guest/proc/task.h"
#include "guest/proc/ticks.h"

enum {
	FAMILY_IPV4_MULTICAST = 128, /* RTNL_FAMILY_IPMR */
	FAMILY_IPV6_MULTICAST = 129,
	IS_STATIC = 1, /* MFC_STATIC */
	IS_OFFLOADED = 2, /* MFC_OFFLOAD */
	PROTOCOL_STATIC = 4, /* RTPROT_… (uapi/linux/rtnetlink.h) */
	PROTOCOL_MROUTED = 17,
	TYPE_MULTICAST = 5, /* RTN_MULTICAST */
	FLAG_OFFLOADED = 8, /* RTNH_F_… */
	FLAG_UNRESOLVED = 32,
	/* RTA_… */
	ROUTE_SRC = 2,
	ROUTE_IIF = 3,
	ROUTE_STATISTICS = 17,
	ROUTE_EXPIRES = 23,
};

/* struct rtnexthop */
struct hop {
	u16 size;
	u8 flags, limit;
	u32 device;
};

struct context {
	struct seq *seq;
	const struct mr_table *table;
	struct ticks ticks;
	struct ask_request request;
	bool is_v6, is_found;
};

struct hops {
	const struct mr_table *table;
	u32 count;
	struct hop hop[MROUTE_INTERFACE_COUNT_MAX];
};

static void add_hop(void *context, u32 number, u32 ttl)
{
	struct hops *hops = context;
	u32 device = (u32)mroute_interface(hops->table, number)->dev->ifindex;

	hops->hop[hops->count++] = (struct hop){sizeof hops->hop[0], 0, (u8)ttl, device};
}

static void put_hops(struct ask_message *message, const struct mr_table *table, const struct mr_mfc *route)
{
	struct hops hops = {.table = table};

	multicast_hops_walk(table, route, add_hop, &hops);
	message_put(message, ROUTE_MULTIPATH, hops.hop, hops.count * (u32)sizeof hops.hop[0]);
}

/* mr_fill_mroute(): the flags. */
static u32 put_way(struct ask_message *message, const struct context *context, const struct mr_mfc *route)
{
	const u64 counted[] = {MROUTE_WORD(route, pkt), MROUTE_WORD(route, bytes), MROUTE_WORD(route, wrong_if)};
	s64 unused = (s64)(context->ticks.now - route->mfc_un.res.lastuse);
	u64 clock = unused > 0 ? ticks_to_clock(&context->ticks, (u64)unused) : 0;
	const struct net_device *dev;

	if (route->mfc_parent >= MROUTE_INTERFACE_COUNT_MAX)
		return FLAG_UNRESOLVED;
	dev = mroute_interface(context->table, route->mfc_parent)->dev;
	if (dev != NULL)
		message_put_u32(message, ROUTE_IIF, (u32)dev->ifindex);
	put_hops(message, context->table, route);
	message_put(message, ROUTE_STATISTICS, counted, sizeof counted);
	message_put(message, ROUTE_EXPIRES, &clock, sizeof clock);
	return (route->mfc_flags & IS_OFFLOADED) != 0 ? FLAG_OFFLOADED : 0;
}

static void put_addresses(struct ask_message *message, const struct context *context, const struct mr_mfc *route)
{
	const struct mfc6_cache *v6 = (const struct mfc6_cache *)route;
	const struct mfc_cache *v4 = (const struct mfc_cache *)route;
	u8 address[16];

	if (!context->is_v6) {
		message_put_u32(message, ROUTE_SRC, v4->mfc_origin);
		message_put_u32(message, ROUTE_DST, v4->mfc_mcastgrp);
		return;
	}
	guest_copy(address, &v6->mf6c_origin, sizeof address);
	message_put(message, ROUTE_SRC, address, sizeof address);
	guest_copy(address, &v6->mf6c_mcastgrp, sizeof address);
	message_put(message, ROUTE_DST, address, sizeof address);
}

static void show_route(void *argument)
{
	const struct row *row = argument;
	const struct mr_mfc *route = row->object;
	const struct context *context = row->rows->context;
	u8 bits = context->is_v6 ? 128 : 32;
	struct route_head head = {
		.family = context->is_v6 ? FAMILY_IPV6_MULTICAST : FAMILY_IPV4_MULTICAST,
		.destination_size = bits,
		.source_size = bits,
		.table = (u8)context->table->id,
		.protocol = (route->mfc_flags & IS_STATIC) != 0 ? PROTOCOL_STATIC : PROTOCOL_MROUTED,
		.type = TYPE_MULTICAST,
	};
	struct ask_message message;

	message_begin(&message, row->seq, RTM_NEWROUTE);
	message_fixed(&message, &head, sizeof head);
	message_put_u32(&message, ROUTE_TABLE, context->table->id);
	put_addresses(&message, context, route);
	route_set_flags(&message, put_way(&message, context, route));
	message_end(&message);
}

static void show_table(void *argument, const struct mr_table *table)
{
	struct context *context = argument;
	struct rows rows = {
		.seq = context->seq, .show = show_route, .missing = "a multicast route is missing", .context = context};

	if (context->request.table != 0 && context->request.table != table->id)
		return;
	context->is_found = true;
	context->table = table;
	multicast_routes_show(&rows, table, true);
	multicast_routes_show(&rows, table, false);
}

void ask_multicast_routes(struct seq *seq)
{
	struct context context = {.seq = seq};

	ask_request_copy(&context.request);
	ticks_read(&context.ticks);
	if (context.request.family != FAMILY_IPV6_MULTICAST)
		multicast_tables_walk(false, show_table, &context);
	context.is_v6 = true;
	if (context.request.family != FAMILY_IPV4_MULTICAST)
		multicast_tables_walk(true, show_table, &context);
	route_check_table(&context.request, context.is_found);
}
