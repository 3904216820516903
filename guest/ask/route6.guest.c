/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RTM_GETROUTE for AF_INET6: rt6_fill_node() (net/ipv6/route.c), tree by tree as
 * fib6_walk_continue() goes (net/ipv6/ip6_fib.c), 5.10 to 7.2. */
#include "guest/ask/dumps.h"
#include "guest/ask/mpls-route.h"
#include "guest/ask/route-message.h"
#include "guest/proc/fib6.h"
#include "guest/proc/rows.h"
#include "guest/proc/task.h"
#include "guest/proc/ticks.h"
#include "guest/proc/types/fib6.h"
#include "guest/proc/types/net.h"

enum {
	FAMILY_IPV6 = 10,
	FLAG_EXPIRES = 0x00400000, /* RTF_EXPIRES (uapi/linux/ipv6_route.h) */
	PREF_SHIFT = 27, /* IPV6_EXTRACT_PREF() */
	PREF_MASK = 3,
	ADDRESS_SIZE = 16,
};

/* struct rta_cacheinfo */
struct cache_info {
	u32 references, last_use, expires, error, id, stamp, stamp_age, used;
};

/* What the routes of a dump share. */
struct context {
	struct ticks ticks;
	const struct fib6_table *table;
	u32 wanted; /* a table's number; 0: all */
	bool is_found;
	const struct fib6_info *none; /* fib6_null_entry: in every tree, and no route */
};

static void put_cache(struct ask_message *message, const struct context *context, const struct fib6_info *info)
{
	struct cache_info cache = {};
	s64 left = (s64)(info->expires - context->ticks.now);

	if (info->fib6_flags & FLAG_EXPIRES) {
		u32 clock = (u32)ticks_to_clock(&context->ticks, left < 0 ? (u64)-left : (u64)left);

		cache.expires = left < 0 ? 0 - clock : clock;
	}
	message_put(message, ROUTE_CACHEINFO, &cache, sizeof cache);
}

static u32 put_hops(struct ask_message *message, const struct fib6_info *info)
{
	const struct fib6_info *sibling;
	u32 nest, count = 0;

	if (info->nh != NULL) {
		message_put_u32(message, ROUTE_NH_ID, info->nh->id);
		seq_fault(message->seq, "the hops behind a next hop's number aren't told");
		return 0;
	}
	if (info->fib6_nsiblings == 0)
		return route_put_hop(message, &info->fib6_nh[0].nh_common, FAMILY_IPV6);
	nest = message_nest(message, ROUTE_MULTIPATH);
	route_put_one_of_hops(message, &info->fib6_nh[0].nh_common, FAMILY_IPV6);
	list_for_each_entry (sibling, &info->fib6_siblings, fib6_siblings) {
		if (count++ == ROUTE_HOP_COUNT_MAX)
			guest_fail(STATUS_LIMIT, "a route has more next hops than a message holds");
		route_put_one_of_hops(message, &sibling->fib6_nh[0].nh_common, FAMILY_IPV6);
	}
	message_nest_end(message, nest);
	return 0;
}

static void put_address(struct ask_message *message, u16 type, const struct in6_addr *address)
{
	u8 bytes[ADDRESS_SIZE];

	guest_copy(bytes, address, sizeof bytes);
	message_put(message, type, bytes, sizeof bytes);
}

static void show_route(void *argument)
{
	const struct row *row = argument;
	const struct context *context = row->rows->context;
	const struct fib6_info *info = row->object;
	u32 table = context->table->tb6_id;
	struct route_head head = {.family = FAMILY_IPV6,
				  .destination_size = (u8)info->fib6_dst.plen,
				  .table = table < 256 ? (u8)table : ROUTE_TABLE_COMPAT,
				  .protocol = info->fib6_protocol,
				  .type = info->fib6_type};
	struct ask_message message;

	if (info == context->none)
		return;
	message_begin(&message, row->seq, RTM_NEWROUTE);
	message_fixed(&message, &head, sizeof head);
	message_put_u32(&message, ROUTE_TABLE, table);
	if (head.destination_size != 0)
		put_address(&message, ROUTE_DST, &info->fib6_dst.addr);
	if (info->fib6_prefsrc.plen != 0)
		put_address(&message, ROUTE_PREFSRC, &info->fib6_prefsrc.addr);
	route_put_metrics(&message, info->fib6_metrics);
	message_put_u32(&message, ROUTE_PRIORITY, info->fib6_metric);
	route_set_flags(&message, put_hops(&message, info));
	put_cache(&message, context, info);
	message_put_u8(&message, ROUTE_PREF, (u8)(info->fib6_flags >> PREF_SHIFT & PREF_MASK));
	message_end(&message);
}

static bool enter_table(const void *argument, const struct fib6_table *table)
{
	struct context *context = (struct context *)argument;

	if (context->wanted != 0 && context->wanted != table->tb6_id)
		return false;
	context->table = table;
	context->is_found = true;
	return true;
}

void ask_routes6(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_route, .missing = "a route is missing"};
	struct ask_request request;
	struct context context;

	ask_request_copy(&request);
	ticks_read(&context.ticks);
	context.none = net_subject()->ipv6.fib6_null_entry;
	context.wanted = request.table;
	context.is_found = false;
	rows.context = &context;
	fib6_routes_show(&rows, false, enter_table);
	route_check_table(&request, context.is_found);
}

void ask_routes(struct seq *seq)
{
	ask_routes4(seq);
	ask_routes6(seq);
	ask_multicast_routes(seq);
	mpls_routes_say(seq);
}
