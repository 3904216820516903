/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net/ipv4/fib_semantics.c, net/core/rtnetlink.c, 5.10 to 7.2. */
#include "guest/ask/route-message.h"

#include "guest/proc/types/netdevice.h"

enum {
	GATEWAY = 5, /* RTA_GATEWAY */
	OIF = 4,
	VIA = 18,
	METRIC_COUNT = 17, /* RTAX_MAX */
	METRIC_FEATURES = 12 - 1, /* RTAX_FEATURES */
	METRIC_CC_ALGO = 16 - 1, /* RTAX_CC_ALGO: a key; its name is the algorithm's */
	FEATURES_SHOWN = 0xf, /* RTAX_FEATURE_MASK */
	HOP_DEAD = 1, /* RTNH_F_… */
	HOP_ONLINK = 4,
	HOP_OFFLOAD = 8,
	HOP_LINKDOWN = 16,
	HOP_TRAP = 64,
	FLAGS_AT = 16 + 8, /* of rtm_flags in the message */
	FAMILY_ANY = 0,
	FAMILY_IPV4 = 2,
	FAMILY_IPV6 = 10,
};

extern const struct dst_metrics dst_default_metrics;

void route_put_metrics(struct ask_message *message, const struct dst_metrics *metrics)
{
	const u32 *values = (const u32 *)metrics->metrics;
	u32 nest = 0;

	if (metrics == &dst_default_metrics)
		return;
	for (u32 i = 0; i < METRIC_COUNT; i++) {
		u32 value = i == METRIC_FEATURES ? values[i] & FEATURES_SHOWN : values[i];

		if (value == 0)
			continue;
		if (i == METRIC_CC_ALGO) {
			seq_fault(message->seq, "a route's congestion control isn't named");
			continue;
		}
		if (nest == 0)
			nest = message_nest(message, ROUTE_METRICS);
		message_put_u32(message, (u16)(i + 1), value);
	}
	if (nest != 0)
		message_nest_end(message, nest);
}

static void put_gateway(struct ask_message *message, const struct fib_nh_common *hop, u8 family)
{
	struct {
		u16 family;
		u8 address[16];
	} __attribute__((packed)) via = {.family = FAMILY_IPV6};

	if (hop->nhc_gw_family == FAMILY_IPV4)
		message_put_u32(message, GATEWAY, hop->nhc_gw.ipv4);
	if (hop->nhc_gw_family != FAMILY_IPV6)
		return;
	guest_copy(via.address, &hop->nhc_gw.ipv6, sizeof via.address);
	if (family == FAMILY_IPV6)
		message_put(message, GATEWAY, via.address, sizeof via.address);
	else
		message_put(message, VIA, &via, sizeof via);
}

/* Whether a link that is down makes a hop dead is a setting of its device, which
 * fib_nexthop_info() asks for: the hop's own flag has it where it was decided. */
static u8 flags_of(const struct fib_nh_common *hop)
{
	return hop->nhc_flags & (HOP_DEAD | HOP_ONLINK | HOP_OFFLOAD | HOP_LINKDOWN | HOP_TRAP);
}

static void put_tunnel(struct ask_message *message, const struct fib_nh_common *hop)
{
	if (hop->nhc_lwtstate != NULL)
		seq_fault(message->seq, "how a route's packets are wrapped (lwtunnel) isn't told");
}

u8 route_put_hop(struct ask_message *message, const struct fib_nh_common *hop, u8 family)
{
	put_gateway(message, hop, family);
	if (hop->nhc_dev != NULL)
		message_put_u32(message, OIF, (u32)hop->nhc_dev->ifindex);
	put_tunnel(message, hop);
	return flags_of(hop);
}

/* struct rtnexthop */
struct hop_head {
	u16 size;
	u8 flags, hops;
	int device;
};

void route_put_one_of_hops(struct ask_message *message, const struct fib_nh_common *hop, u8 family)
{
	struct hop_head head = {.flags = flags_of(hop),
				.hops = (u8)(hop->nhc_weight - 1),
				.device = hop->nhc_dev != NULL ? hop->nhc_dev->ifindex : 0};
	u32 start = message->size;

	message_fixed(message, &head, sizeof head);
	put_gateway(message, hop, family);
	put_tunnel(message, hop);
	head.size = (u16)(message->size - start);
	memcpy(message->bytes + start, &head, sizeof head);
}

void route_set_flags(struct ask_message *message, u32 flags)
{
	memcpy(message->bytes + FLAGS_AT, &flags, sizeof flags);
}

void route_check_table(const struct ask_request *request, bool is_found)
{
	if (request->table != 0 && request->family != FAMILY_ANY && !is_found)
		guest_fail(STATUS_MISSING, "no such table of routes");
}
