/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RTM_GETADDR: inet_fill_ifaddr() (net/ipv4/devinet.c), inet6_fill_ifaddr()
 * (net/ipv6/addrconf.c), 5.10 to 7.2. */
#include "guest/ask/dumps.h"
#include "guest/ask/message.h"
#include "guest/proc/devices.h"
#include "guest/proc/ticks.h"
#include "guest/proc/types/addrconf.h"
#include "guest/proc/types/inetdevice.h"
#include "guest/proc/types/time.h"

enum {
	RTM_NEWADDR = 20,
	FAMILY_ANY = 0,
	FAMILY_IPV4 = 2,
	FAMILY_IPV6 = 10,
	/* IFA_… (uapi/linux/if_addr.h) */
	IFA_ADDRESS = 1,
	IFA_LOCAL,
	IFA_LABEL,
	IFA_BROADCAST,
	IFA_CACHEINFO = 6,
	IFA_FLAGS = 8,
	IFA_RT_PRIORITY,
	IFA_PROTO = 11,
	IFA_F_PERMANENT = 0x80,
	/* RT_SCOPE_… (uapi/linux/rtnetlink.h) */
	SCOPE_UNIVERSE = 0,
	SCOPE_SITE = 200,
	SCOPE_LINK = 253,
	SCOPE_HOST = 254,
	/* IFA_… of the kernel (include/net/ipv6.h) */
	IPV6_ADDR_LOOPBACK = 0x10,
	IPV6_ADDR_LINKLOCAL = 0x20,
	IPV6_ADDR_SITELOCAL = 0x40,
	ADDRESS_COUNT_MAX = 1 << 16, /* of one device: a line of `ip addr` each */
	LABEL_SIZE = 16,
	/* cstamp_delta() (include/net/addrconf.h): hundredths of a second since boot */
	STAMPS_PER_SECOND = 100,
};

#define FOREVER UINT32_MAX /* INFINITY_LIFE_TIME */

/* struct ifaddrmsg (uapi/linux/if_addr.h) */
struct address_head {
	u8 family, prefix_size, flags, scope;
	u32 index;
};

/* struct ifa_cacheinfo */
struct lifetime {
	u32 preferred, valid, created, updated;
};

/* INITIAL_JIFFIES (include/linux/jiffies.h): −300 s, in 32 bits. */
static u32 stamp_shown(const struct ticks *ticks, u64 stamp)
{
	u64 hz = ticks_hz(ticks);
	u64 initial = (u32)(0 - 300 * hz);

	return (u32)((stamp - initial) * STAMPS_PER_SECOND / hz);
}

static u32 left_of(u32 lifetime, u64 passed_s)
{
	if (lifetime == FOREVER)
		return FOREVER;
	return lifetime > passed_s ? lifetime - (u32)passed_s : 0;
}

static struct lifetime lifetime_make(const struct ticks *ticks, u64 created, u64 updated, bool is_permanent,
				     u32 preferred, u32 valid)
{
	struct lifetime lifetime = {FOREVER, FOREVER, stamp_shown(ticks, created), stamp_shown(ticks, updated)};
	u64 passed_s = (ticks->now - updated) / ticks_hz(ticks);

	if (is_permanent)
		return lifetime;
	lifetime.preferred = left_of(preferred, passed_s);
	/* The kernel counts the second down only where the first is limited. */
	lifetime.valid = preferred == FOREVER ? valid : left_of(valid, passed_s);
	return lifetime;
}

/* What all addresses of a dump share. */
struct context {
	struct ticks ticks;
};

static void put_ipv4(struct seq *seq, const struct context *context, const struct net_device *dev,
		     const struct in_ifaddr *ifa)
{
	struct address_head head = {FAMILY_IPV4, ifa->ifa_prefixlen, (u8)ifa->ifa_flags, ifa->ifa_scope,
				    (u32)dev->ifindex};
	struct lifetime lifetime =
		lifetime_make(&context->ticks, ifa->ifa_cstamp, ifa->ifa_tstamp, ifa->ifa_flags & IFA_F_PERMANENT,
			      ifa->ifa_preferred_lft, ifa->ifa_valid_lft);
	struct ask_message message;
	char label[LABEL_SIZE];

	message_begin(&message, seq, RTM_NEWADDR);
	message_fixed(&message, &head, sizeof head);
	if (ifa->ifa_address != 0)
		message_put_u32(&message, IFA_ADDRESS, ifa->ifa_address);
	if (ifa->ifa_local != 0)
		message_put_u32(&message, IFA_LOCAL, ifa->ifa_local);
	if (ifa->ifa_broadcast != 0)
		message_put_u32(&message, IFA_BROADCAST, ifa->ifa_broadcast);
	guest_string_copy(label, sizeof label, ifa->ifa_label);
	if (label[0] != '\0')
		message_put_string(&message, IFA_LABEL, label);
	if (field_exists(struct in_ifaddr, ifa_proto) && ifa->ifa_proto != 0)
		message_put_u8(&message, IFA_PROTO, ifa->ifa_proto);
	message_put_u32(&message, IFA_FLAGS, ifa->ifa_flags);
	if (ifa->ifa_rt_priority != 0)
		message_put_u32(&message, IFA_RT_PRIORITY, ifa->ifa_rt_priority);
	message_put(&message, IFA_CACHEINFO, &lifetime, sizeof lifetime);
	message_end(&message);
}

/* rt_scope() (include/net/addrconf.h) */
static u8 scope_of(u16 scope)
{
	if (scope & IPV6_ADDR_LOOPBACK)
		return SCOPE_HOST;
	if (scope & IPV6_ADDR_LINKLOCAL)
		return SCOPE_LINK;
	return scope & IPV6_ADDR_SITELOCAL ? SCOPE_SITE : SCOPE_UNIVERSE;
}

static bool is_any(const u8 address[16])
{
	u8 any = 0;

	for (u32 i = 0; i < 16; i++)
		any |= address[i];
	return any == 0;
}

static void put_ipv6(struct seq *seq, const struct context *context, const struct net_device *dev,
		     const struct inet6_ifaddr *ifa)
{
	struct address_head head = {FAMILY_IPV6, (u8)ifa->prefix_len, (u8)ifa->flags, scope_of(ifa->scope),
				    (u32)dev->ifindex};
	bool is_permanent = (ifa->flags & IFA_F_PERMANENT) && ifa->prefered_lft == FOREVER;
	struct lifetime lifetime = lifetime_make(&context->ticks, ifa->cstamp, ifa->tstamp, is_permanent,
						 ifa->prefered_lft, ifa->valid_lft);
	struct ask_message message;
	u8 own[16], peer[16];

	guest_copy(own, &ifa->addr, sizeof own);
	guest_copy(peer, &ifa->peer_addr, sizeof peer);
	message_begin(&message, seq, RTM_NEWADDR);
	message_fixed(&message, &head, sizeof head);
	if (is_any(peer)) {
		message_put(&message, IFA_ADDRESS, own, sizeof own);
	} else {
		message_put(&message, IFA_LOCAL, own, sizeof own);
		message_put(&message, IFA_ADDRESS, peer, sizeof peer);
	}
	if (ifa->rt_priority != 0)
		message_put_u32(&message, IFA_RT_PRIORITY, ifa->rt_priority);
	message_put(&message, IFA_CACHEINFO, &lifetime, sizeof lifetime);
	message_put_u32(&message, IFA_FLAGS, ifa->flags);
	if (field_exists(struct inet6_ifaddr, ifa_proto) && ifa->ifa_proto != 0)
		message_put_u8(&message, IFA_PROTO, ifa->ifa_proto);
	message_end(&message);
}

static void show_ipv4(void *argument)
{
	const struct row *row = argument;
	const struct net_device *dev = row->object;
	struct guest_bound bound = GUEST_BOUND(ADDRESS_COUNT_MAX, "a device's IPv4 addresses");
	const struct in_device *in_dev = dev->ip_ptr;

	if (in_dev == NULL)
		return;
	for (const struct in_ifaddr *ifa = READ_ONCE(in_dev->ifa_list); ifa != NULL; ifa = READ_ONCE(ifa->ifa_next)) {
		guest_bound(&bound);
		put_ipv4(row->seq, row->rows->context, dev, ifa);
	}
}

static void show_ipv6(void *argument)
{
	const struct row *row = argument;
	const struct net_device *dev = row->object;
	const struct inet6_dev *in6_dev = dev->ip6_ptr;
	const struct inet6_ifaddr *ifa;

	if (in6_dev == NULL)
		return;
	list_for_each_entry (ifa, &in6_dev->addr_list, if_list)
		put_ipv6(row->seq, row->rows->context, dev, ifa);
}

void ask_addresses(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_ipv4, .missing = "a device's addresses are missing"};
	struct ask_request request;
	struct context context;

	ask_request_copy(&request);
	ticks_read(&context.ticks);
	rows.context = &context;
	if (request.family == FAMILY_ANY || request.family == FAMILY_IPV4)
		devices_show(&rows);
	rows.show = show_ipv6;
	if (request.family == FAMILY_ANY || request.family == FAMILY_IPV6)
		devices_show(&rows);
}
