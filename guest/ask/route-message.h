/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the routes of IPv4 and IPv6 share in their messages (uapi/linux/rtnetlink.h). */
#ifndef GUEST_ASK_ROUTE_MESSAGE_H
#define GUEST_ASK_ROUTE_MESSAGE_H

#include "guest/ask/message.h"
#include "guest/proc/types/fib.h"

enum {
	RTM_NEWROUTE = 24,
	ROUTE_DST = 1, /* RTA_… */
	ROUTE_PRIORITY = 6,
	ROUTE_PREFSRC,
	ROUTE_METRICS,
	ROUTE_MULTIPATH,
	ROUTE_CACHEINFO = 12,
	ROUTE_TABLE = 15,
	ROUTE_PREF = 20,
	ROUTE_NH_ID = 30,
	ROUTE_TABLE_COMPAT = 252, /* RT_TABLE_COMPAT: see ROUTE_TABLE */
	ROUTE_HOP_COUNT_MAX = 256, /* of one route: what one message holds */
};

/* struct rtmsg */
struct route_head {
	u8 family, destination_size, source_size, tos, table, protocol, scope, type;
	u32 flags;
};

/* rtnetlink_put_metrics() */
GUEST_C void route_put_metrics(struct ask_message *message, const struct dst_metrics *metrics);
/* fib_nexthop_info() of the only hop: what to add to rtmsg.rtm_flags. */
GUEST_C u8 route_put_hop(struct ask_message *message, const struct fib_nh_common *hop, u8 family);
/* One hop of several, within ROUTE_MULTIPATH: fib_add_nexthop(). */
GUEST_C void route_put_one_of_hops(struct ask_message *message, const struct fib_nh_common *hop, u8 family);
/* Ends with STATUS_MISSING, as a kernel's dump does with ENOENT, where the request is for a table that its family
 * hasn't got. */
GUEST_C void route_check_table(const struct ask_request *request, bool is_found);
/* rtm_flags are known only when the hops have been put. */
GUEST_C void route_set_flags(struct ask_message *message, u32 flags);

#endif
