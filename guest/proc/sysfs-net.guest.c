/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of network devices below /sys: net/core/net-sysfs.c, 5.10 to 7.2.
 *
 * Speed, duplex and the names of physical ports are questions to the driver:
 * they aren't known, nor are the errors that the target answers with instead.
 */
#include "guest/proc/devices.h"
#include "guest/proc/sysfs.h"

#include "guest/kernel/guestc-types-begin.h"

struct net_device_ops___sysfs {
	const void *ndo_get_iflink;
};

/* Numbers of any width: kernels differ. */
struct net_device___sysfs {
	struct {
		int power;
	} dev;
	const struct net_device_ops___sysfs *netdev_ops;
	unsigned long state; /* __LINK_STATE_… */
	const unsigned char *dev_addr;
	unsigned char broadcast[32];
	const struct dev_ifalias *ifalias;
	atomic_t carrier_up_count, carrier_down_count;
	u32 addr_assign_type : 32;
	u32 addr_len : 32;
	u32 dev_id : 32;
	u32 dev_port : 32;
	u32 flags : 32;
	u64 gro_flush_timeout : 64;
	u32 group : 32;
	u32 ifindex : 32;
	u32 link_mode : 32;
	u32 mtu : 32;
	u32 name_assign_type : 32;
	u32 napi_defer_hard_irqs : 32;
	u32 operstate : 32;
	u32 proto_down : 32;
	u32 threaded : 32;
	u32 tx_queue_len : 32;
	u32 type : 32;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	ADDRESS_SIZE_MAX = 32, /* MAX_ADDR_LEN */
	ALIAS_SIZE_MAX = 256, /* IFALIASZ */
	STATE_START = 0, /* enum netdev_state_t */
	STATE_NO_CARRIER = 2,
	STATE_DORMANT = 4,
	STATE_TESTING = 5,
};

static bool has_state(const struct net_device___sysfs *dev, u32 bit)
{
	return (dev->state >> bit & 1) != 0;
}

static void show_number(struct sysfs_file *file, u64 value)
{
	seq_printf(file->seq, "%llu\n", value);
}

/* sysfs_format_mac() */
static void show_address(struct sysfs_file *file, const unsigned char *address, u32 size)
{
	u8 bytes[ADDRESS_SIZE_MAX];

	if (size > sizeof bytes)
		guest_fail(STATUS_MALFORMED, "an address is longer than any device's");
	guest_copy(bytes, address, size);
	for (u32 i = 0; i < size; i++)
		seq_printf(file->seq, i != 0 ? ":%02x" : "%02x", bytes[i]);
	seq_putc(file->seq, '\n');
}

/* Only a device that is up knows: the target's answer is EINVAL otherwise. */
static void show_running(struct sysfs_file *file, const struct net_device___sysfs *dev, bool value)
{
	if (has_state(dev, STATE_START))
		show_number(file, value);
	else
		seq_fault(file->seq, "the target itself answers with EINVAL: the device is down");
}

static void show_state(struct sysfs_file *file, const struct net_device___sysfs *dev)
{
	static const char *const names[] = {"unknown", "notpresent", "down", "lowerlayerdown",
					    "testing", "dormant",    "up"};
	u32 state = dev->operstate;

	if (!has_state(dev, STATE_START))
		seq_puts(file->seq, "down\n");
	else if (state >= ARRAY_SIZE(names))
		guest_fail(STATUS_MALFORMED, "a device is in a state beyond the list of them");
	else
		seq_printf(file->seq, "%s\n", names[state]);
}

static void show_alias(struct sysfs_file *file, const struct net_device___sysfs *dev)
{
	char text[ALIAS_SIZE_MAX];

	if (dev->ifalias == NULL)
		return;
	guest_string_copy(text, sizeof text, dev->ifalias->ifalias);
	seq_printf(file->seq, "%s\n", text);
}

static void show_peer(struct sysfs_file *file, const struct net_device___sysfs *dev)
{
	if (dev->netdev_ops->ndo_get_iflink != NULL)
		guest_fail(STATUS_UNSUPPORTED, "which device this one lies on is a question to its driver");
	show_number(file, dev->ifindex);
}

static bool show_numbers(struct sysfs_file *file, const struct net_device___sysfs *dev)
{
	if (sysfs_is_shown_by(file, "addr_assign_type_show"))
		show_number(file, dev->addr_assign_type);
	else if (sysfs_is_shown_by(file, "addr_len_show"))
		show_number(file, dev->addr_len);
	else if (sysfs_is_shown_by(file, "dev_id_show"))
		seq_printf(file->seq, dev->dev_id != 0 ? "%#x\n" : "0x%x\n", (u32)dev->dev_id);
	else if (sysfs_is_shown_by(file, "dev_port_show"))
		show_number(file, dev->dev_port);
	else if (sysfs_is_shown_by(file, "flags_show"))
		seq_printf(file->seq, dev->flags != 0 ? "%#x\n" : "0x%x\n", (u32)dev->flags);
	else if (sysfs_is_shown_by(file, "gro_flush_timeout_show"))
		show_number(file, dev->gro_flush_timeout);
	else if (sysfs_is_shown_by(file, "group_show"))
		show_number(file, dev->group);
	else if (sysfs_is_shown_by(file, "ifindex_show"))
		show_number(file, dev->ifindex);
	else if (sysfs_is_shown_by(file, "link_mode_show"))
		show_number(file, dev->link_mode);
	else if (sysfs_is_shown_by(file, "mtu_show"))
		show_number(file, dev->mtu);
	else if (sysfs_is_shown_by(file, "napi_defer_hard_irqs_show"))
		show_number(file, dev->napi_defer_hard_irqs);
	else if (sysfs_is_shown_by(file, "proto_down_show"))
		show_number(file, dev->proto_down);
	else if (sysfs_is_shown_by(file, "threaded_show"))
		show_number(file, dev->threaded);
	else if (sysfs_is_shown_by(file, "tx_queue_len_show"))
		show_number(file, dev->tx_queue_len);
	else if (sysfs_is_shown_by(file, "type_show"))
		show_number(file, dev->type);
	else
		return false;
	return true;
}

static bool show_facts(struct sysfs_file *file, const struct net_device___sysfs *dev)
{
	if (sysfs_is_shown_by(file, "address_show"))
		show_address(file, dev->dev_addr, dev->addr_len);
	else if (sysfs_is_shown_by(file, "broadcast_show"))
		show_address(file, dev->broadcast, dev->addr_len);
	else if (sysfs_is_shown_by(file, "carrier_show"))
		show_running(file, dev, !has_state(dev, STATE_NO_CARRIER));
	else if (sysfs_is_shown_by(file, "dormant_show"))
		show_running(file, dev, has_state(dev, STATE_DORMANT));
	else if (sysfs_is_shown_by(file, "testing_show"))
		show_running(file, dev, has_state(dev, STATE_TESTING));
	else if (sysfs_is_shown_by(file, "operstate_show"))
		show_state(file, dev);
	else if (sysfs_is_shown_by(file, "ifalias_show"))
		show_alias(file, dev);
	else if (sysfs_is_shown_by(file, "iflink_show"))
		show_peer(file, dev);
	else if (sysfs_is_shown_by(file, "carrier_up_count_show"))
		show_number(file, (u32)dev->carrier_up_count.counter);
	else if (sysfs_is_shown_by(file, "carrier_down_count_show"))
		show_number(file, (u32)dev->carrier_down_count.counter);
	else if (sysfs_is_shown_by(file, "carrier_changes_show"))
		show_number(file, (u32)dev->carrier_up_count.counter + (u32)dev->carrier_down_count.counter);
	else if (sysfs_is_shown_by(file, "name_assign_type_show") && dev->name_assign_type != 0)
		show_number(file, dev->name_assign_type);
	else
		return false;
	return true;
}

/* netstat_show(): the file's name is the counter's. */
static bool show_counter(struct sysfs_file *file, const struct net_device *dev)
{
	struct device_counters counters;

#define COUNTER(field)                                       \
	do {                                                 \
		if (strcmp(file->name, #field) == 0) {       \
			device_counters_get(dev, &counters); \
			show_number(file, counters.field);   \
			return true;                         \
		}                                            \
	} while (0)
	COUNTER(rx_packets);
	COUNTER(tx_packets);
	COUNTER(rx_bytes);
	COUNTER(tx_bytes);
	COUNTER(rx_errors);
	COUNTER(tx_errors);
	COUNTER(rx_dropped);
	COUNTER(tx_dropped);
	COUNTER(multicast);
	COUNTER(collisions);
	COUNTER(rx_length_errors);
	COUNTER(rx_over_errors);
	COUNTER(rx_crc_errors);
	COUNTER(rx_frame_errors);
	COUNTER(rx_fifo_errors);
	COUNTER(rx_missed_errors);
	COUNTER(tx_aborted_errors);
	COUNTER(tx_carrier_errors);
	COUNTER(tx_fifo_errors);
	COUNTER(tx_heartbeat_errors);
	COUNTER(tx_window_errors);
	COUNTER(rx_compressed);
	COUNTER(tx_compressed);
	COUNTER(rx_nohandler);
#undef COUNTER
	return false;
}

void sysfs_show_net_device(struct sysfs_file *file, const void *device)
{
	const struct net_device___sysfs *dev = container_of(device, struct net_device___sysfs, dev);

	if (!show_numbers(file, dev) && !show_facts(file, dev) && !show_counter(file, (const void *)dev))
		sysfs_show_unknown(file);
}
