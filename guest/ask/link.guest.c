/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RTM_GETLINK: rtnl_fill_ifinfo() (net/core/rtnetlink.c, 5.10 to 7.2). Left out
 * is what only a driver's own code knows: virtual functions, ports, bridge
 * and tunnel settings (`ip -d`), XDP programs.
 */
#include "guest/ask/link.h"

#include "guest/ask/dumps.h"
#include "guest/ask/message.h"
#include "guest/proc/driver-counters.h"
#include "guest/proc/types/drivers.h"

enum {
	RTM_NEWLINK = 16,
	/* IFLA_… (uapi/linux/if_link.h) */
	IFLA_ADDRESS = 1,
	IFLA_BROADCAST,
	IFLA_IFNAME,
	IFLA_MTU,
	IFLA_LINK,
	IFLA_QDISC,
	IFLA_STATS,
	IFLA_MASTER = 10,
	IFLA_TXQLEN = 13,
	IFLA_MAP,
	IFLA_OPERSTATE = 16,
	IFLA_LINKMODE,
	IFLA_LINKINFO,
	IFLA_IFALIAS = 20,
	IFLA_STATS64 = 23,
	IFLA_GROUP = 27,
	IFLA_PROMISCUITY = 30,
	IFLA_NUM_TX_QUEUES,
	IFLA_NUM_RX_QUEUES,
	IFLA_CARRIER,
	IFLA_CARRIER_CHANGES = 35,
	IFLA_PROTO_DOWN = 39,
	IFLA_GSO_MAX_SEGS,
	IFLA_GSO_MAX_SIZE,
	IFLA_CARRIER_UP_COUNT = 47,
	IFLA_CARRIER_DOWN_COUNT,
	IFLA_MIN_MTU = 50,
	IFLA_MAX_MTU,
	IFLA_PERM_ADDRESS = 54,
	IFLA_GRO_MAX_SIZE = 58,
	IFLA_TSO_MAX_SIZE,
	IFLA_TSO_MAX_SEGS,
	IFLA_ALLMULTI,
	IFLA_GSO_IPV4_MAX_SIZE = 63,
	IFLA_GRO_IPV4_MAX_SIZE,
	IFLA_INFO_KIND = 1,
	/* IFF_… (uapi/linux/if.h) */
	IFF_RUNNING = 1 << 6,
	IFF_PROMISC = 1 << 8,
	IFF_ALLMULTI = 1 << 9,
	IFF_LOWER_UP = 1 << 16,
	IFF_DORMANT = 1 << 17,
	/* __LINK_STATE_… (include/linux/netdevice.h) */
	STATE_START = 0,
	STATE_NO_CARRIER = 2,
	STATE_DORMANT = 4,
	/* IF_OPER_… (uapi/linux/if.h) */
	OPER_UNKNOWN = 0,
	OPER_DOWN = 2,
	OPER_UP = 6,
	KIND_SIZE_MAX = 32,
	ALIAS_SIZE_MAX = 256, /* IFALIASZ */
	QDISC_SIZE_MAX = 16, /* IFNAMSIZ */
};

static bool state_bit(const struct net_device *dev, u32 bit)
{
	return (dev->state >> bit & 1) != 0;
}

u32 link_flags(const struct net_device *dev)
{
	const u32 computed = IFF_PROMISC | IFF_ALLMULTI | IFF_RUNNING | IFF_LOWER_UP | IFF_DORMANT;
	u32 flags = (dev->flags & ~computed) | (dev->gflags & (IFF_PROMISC | IFF_ALLMULTI));
	u32 operstate = dev->operstate;

	if (!state_bit(dev, STATE_START))
		return flags;
	if (operstate == OPER_UP || operstate == OPER_UNKNOWN)
		flags |= IFF_RUNNING;
	if (!state_bit(dev, STATE_NO_CARRIER))
		flags |= IFF_LOWER_UP;
	if (state_bit(dev, STATE_DORMANT))
		flags |= IFF_DORMANT;
	return flags;
}

u32 link_address(const struct net_device *dev, u8 ret_address[LINK_ADDRESS_SIZE_MAX])
{
	u32 size = dev->addr_len;

	if (size > LINK_ADDRESS_SIZE_MAX)
		guest_fail(STATUS_MALFORMED, "a device's hardware address is longer than any can be");
	guest_copy(ret_address, dev->dev_addr, size);
	return size;
}

/* struct ifinfomsg (uapi/linux/rtnetlink.h) */
struct link_head {
	u8 family, pad;
	u16 type;
	s32 index;
	u32 flags, change;
};

/* struct rtnl_link_stats64 (uapi/linux/if_link.h): as struct device_counters begins. */
struct link_counters {
	struct device_counters common;
	u64 rx_otherhost_dropped;
};

enum { COUNTER_COUNT = sizeof(struct link_counters) / sizeof(u64) };

static u64 sum_otherhost(const struct net_device *dev)
{
	u64 sum = 0;
	u32 cpu;

	if (dev->core_stats != NULL)
		for_each_possible_cpu (cpu)
			sum += per_cpu_ptr(dev->core_stats, cpu)->rx_otherhost_dropped;
	return sum;
}

/* rtnl_fill_stats(): before 5.19 the struct ended with rx_nohandler. The old form
 * has 32 bits each. */
static void put_counters(struct ask_message *message, const struct net_device *dev)
{
	bool has_otherhost = field_exists(struct net_device_core_stats, rx_otherhost_dropped);
	u32 count = has_otherhost ? COUNTER_COUNT : COUNTER_COUNT - 1;
	struct link_counters counters = {};
	u64 wide[COUNTER_COUNT];
	u32 narrow[COUNTER_COUNT];

	device_counters_get(dev, &counters.common);
	if (has_otherhost)
		counters.rx_otherhost_dropped = sum_otherhost(dev);
	memcpy(wide, &counters, sizeof wide);
	for (u32 i = 0; i < count; i++)
		narrow[i] = (u32)wide[i];
	message_put(message, IFLA_STATS64, wide, count * sizeof(u64));
	/* struct rtnl_link_stats ends with rx_nohandler. */
	message_put(message, IFLA_STATS, narrow, (COUNTER_COUNT - 1) * sizeof(u32));
}

static void put_queues(struct ask_message *message, const struct net_device *dev)
{
	message_put_u32(message, IFLA_NUM_TX_QUEUES, dev->num_tx_queues);
	message_put_u32(message, IFLA_GSO_MAX_SEGS, dev->gso_max_segs);
	message_put_u32(message, IFLA_GSO_MAX_SIZE, dev->gso_max_size);
	if (field_exists(struct net_device, gro_max_size))
		message_put_u32(message, IFLA_GRO_MAX_SIZE, dev->gro_max_size);
	if (field_exists(struct net_device, gso_ipv4_max_size)) {
		message_put_u32(message, IFLA_GSO_IPV4_MAX_SIZE, dev->gso_ipv4_max_size);
		message_put_u32(message, IFLA_GRO_IPV4_MAX_SIZE, dev->gro_ipv4_max_size);
	}
	if (field_exists(struct net_device, tso_max_size)) {
		message_put_u32(message, IFLA_TSO_MAX_SIZE, dev->tso_max_size);
		message_put_u32(message, IFLA_TSO_MAX_SEGS, dev->tso_max_segs);
	}
	if (field_exists(struct net_device, num_rx_queues))
		message_put_u32(message, IFLA_NUM_RX_QUEUES, dev->num_rx_queues);
}

static void put_settings(struct ask_message *message, const struct net_device *dev)
{
	message_put_u32(message, IFLA_TXQLEN, dev->tx_queue_len);
	message_put_u8(message, IFLA_OPERSTATE, state_bit(dev, STATE_START) ? (u8)dev->operstate : OPER_DOWN);
	message_put_u8(message, IFLA_LINKMODE, dev->link_mode);
	message_put_u32(message, IFLA_MTU, dev->mtu);
	message_put_u32(message, IFLA_MIN_MTU, dev->min_mtu);
	message_put_u32(message, IFLA_MAX_MTU, dev->max_mtu);
	message_put_u32(message, IFLA_GROUP, dev->group);
	message_put_u32(message, IFLA_PROMISCUITY, dev->promiscuity);
	message_put_u32(message, IFLA_ALLMULTI, dev->allmulti);
	put_queues(message, dev);
}

/* put_master_ifindex() */
static void put_master(struct ask_message *message, const struct net_device *dev)
{
	const struct netdev_adjacent *upper;

	if (list_empty(&dev->adj_list.upper))
		return;
	upper = container_of(dev->adj_list.upper.next, struct netdev_adjacent, list);
	if (upper->master)
		message_put_u32(message, IFLA_MASTER, (u32)upper->dev->ifindex);
}

static void put_alias(struct ask_message *message, const struct net_device *dev)
{
	char alias[ALIAS_SIZE_MAX];

	if (dev->ifalias == NULL)
		return;
	if (guest_string_copy(alias, sizeof alias, dev->ifalias->ifalias) == sizeof alias)
		guest_fail(STATUS_MALFORMED, "a device's alias has no end");
	message_put(message, IFLA_IFALIAS, alias, (u32)strlen(alias));
}

static void put_carrier(struct ask_message *message, const struct net_device *dev)
{
	u32 up = (u32)dev->carrier_up_count.counter, down = (u32)dev->carrier_down_count.counter;

	message_put_u8(message, IFLA_CARRIER, !state_bit(dev, STATE_NO_CARRIER));
	put_alias(message, dev);
	message_put_u32(message, IFLA_CARRIER_CHANGES, up + down);
	message_put_u32(message, IFLA_CARRIER_UP_COUNT, up);
	message_put_u32(message, IFLA_CARRIER_DOWN_COUNT, down);
	message_put_u8(message, IFLA_PROTO_DOWN, dev->proto_down != 0);
}

static void put_addresses(struct ask_message *message, const struct net_device *dev)
{
	u8 address[LINK_ADDRESS_SIZE_MAX];
	u32 size = link_address(dev, address);

	if (size == 0)
		return;
	message_put(message, IFLA_ADDRESS, address, size);
	guest_copy(address, dev->broadcast, size);
	message_put(message, IFLA_BROADCAST, address, size);
}

/* Drivers' own names of their kind; "" where there is none. */
static void link_kind(const struct net_device *dev, char ret_kind[KIND_SIZE_MAX])
{
	ret_kind[0] = '\0';
	if (dev->rtnl_link_ops != NULL &&
	    guest_string_copy(ret_kind, KIND_SIZE_MAX, dev->rtnl_link_ops->kind) == KIND_SIZE_MAX)
		guest_fail(STATUS_MALFORMED, "a kind of devices has a name without an end");
}

/* Which device it leads to is its driver's to say (dev_get_iflink()). */
static void put_lower(struct ask_message *message, const struct net_device *dev, const char *kind)
{
	const struct net_device *peer;

	if (dev->netdev_ops->ndo_get_iflink == NULL)
		return;
	if (strcmp(kind, "veth") != 0 || !type_exists(struct veth_priv)) {
		seq_fault(message->seq, "where a device of kind \"%s\" leads to isn't known", kind);
		return;
	}
	peer = ((const struct veth_priv *)driver_data(dev))->peer;
	message_put_u32(message, IFLA_LINK, peer != NULL ? (u32)peer->ifindex : 0);
}

static void put_kind(struct ask_message *message, const struct net_device *dev)
{
	char kind[KIND_SIZE_MAX];

	link_kind(dev, kind);
	if (kind[0] != '\0') {
		u32 nest = message_nest(message, IFLA_LINKINFO);

		message_put_string(message, IFLA_INFO_KIND, kind);
		message_nest_end(message, nest);
	}
	put_lower(message, dev, kind);
}

static void put_permanent(struct ask_message *message, const struct net_device *dev)
{
	u8 address[LINK_ADDRESS_SIZE_MAX], any = 0;
	u32 size = min((u32)dev->addr_len, (u32)LINK_ADDRESS_SIZE_MAX);

	guest_copy(address, dev->perm_addr, size);
	for (u32 i = 0; i < size; i++)
		any |= address[i];
	if (any != 0)
		message_put(message, IFLA_PERM_ADDRESS, address, size);
}

/* struct rtnl_link_ifmap (uapi/linux/if_link.h) */
struct link_map {
	u64 mem_start, mem_end, base_addr;
	u16 irq;
	u8 dma, port;
	u32 pad;
};

static void put_rest(struct ask_message *message, const struct net_device *dev)
{
	struct link_map map = {.mem_start = dev->mem_start,
			       .mem_end = dev->mem_end,
			       .base_addr = dev->base_addr,
			       .irq = (u16)dev->irq,
			       .dma = dev->dma,
			       .port = dev->if_port};
	char discipline[QDISC_SIZE_MAX];

	if (dev->qdisc != NULL) {
		if (guest_string_copy(discipline, sizeof discipline, dev->qdisc->ops->id) == sizeof discipline)
			guest_fail(STATUS_MALFORMED, "a queueing discipline's name has no end");
		message_put_string(message, IFLA_QDISC, discipline);
	}
	message_put(message, IFLA_MAP, &map, sizeof map);
}

static void show_link(void *argument)
{
	const struct row *row = argument;
	const struct net_device *dev = row->object;
	struct link_head head = {.type = dev->type, .index = dev->ifindex, .flags = link_flags(dev)};
	struct ask_message message;
	char name[DEVICE_NAME_SIZE];

	message_begin(&message, row->seq, RTM_NEWLINK);
	message_fixed(&message, &head, sizeof head);
	device_name(dev, name);
	message_put_string(&message, IFLA_IFNAME, name);
	put_settings(&message, dev);
	put_master(&message, dev);
	put_carrier(&message, dev);
	put_addresses(&message, dev);
	put_counters(&message, dev);
	put_kind(&message, dev);
	put_permanent(&message, dev);
	put_rest(&message, dev);
	message_end(&message);
}

void ask_links(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_link, .missing = "a device is missing"};

	devices_show(&rows);
}
