/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/dev and /proc/net/dev_mcast (net/core/net-procfs.c). */
#include "guest/proc/devices.h"
#include "guest/proc/shows.h"

enum {
	HARDWARE_ADDRESS_SIZE_MAX = 32, /* MAX_ADDR_LEN (linux/netdevice.h) */
};

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct net_device *dev = row->object;
	char name[DEVICE_NAME_SIZE];
	struct device_counters n;

	device_name(dev, name);
	device_counters_get(dev, &n);
	seq_printf(row->seq, "%6s: %7llu %7llu %4llu %4llu %4llu %5llu %10llu %9llu ", name, n.rx_bytes, n.rx_packets,
		   n.rx_errors, n.rx_dropped + n.rx_missed_errors, n.rx_fifo_errors,
		   n.rx_length_errors + n.rx_over_errors + n.rx_crc_errors + n.rx_frame_errors, n.rx_compressed,
		   n.multicast);
	seq_printf(row->seq, "%8llu %7llu %4llu %4llu %4llu %5llu %7llu %10llu\n", n.tx_bytes, n.tx_packets,
		   n.tx_errors, n.tx_dropped, n.tx_fifo_errors, n.collisions,
		   n.tx_carrier_errors + n.tx_aborted_errors + n.tx_window_errors + n.tx_heartbeat_errors,
		   n.tx_compressed);
}

void dev_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a device is missing"};

	seq_puts(seq, "Inter-|   Receive                                                |  Transmit\n"
		      " face |bytes    packets errs drop fifo frame compressed multicast|"
		      "bytes    packets errs drop fifo colls carrier compressed\n");
	devices_show(&rows);
}

/* One line for each multicast address that the device listens to. */
static void show_multicast(void *argument)
{
	const struct row *row = argument;
	const struct net_device *dev = row->object;
	const struct netdev_hw_addr *address;
	unsigned char bytes[HARDWARE_ADDRESS_SIZE_MAX];
	char name[DEVICE_NAME_SIZE];
	u32 size = dev->addr_len;

	if (size > HARDWARE_ADDRESS_SIZE_MAX)
		guest_fail(STATUS_MALFORMED, "a device's hardware address is longer than any can be");
	device_name(dev, name);
	list_for_each_entry (address, &dev->mc.list, list) {
		guest_copy(bytes, address->addr, size);
		seq_printf(row->seq, "%-4d %-15s %-5d %-5d ", dev->ifindex, name, address->refcount,
			   address->global_use);
		for (u32 i = 0; i < size; i++)
			seq_printf(row->seq, "%02x", bytes[i]);
		seq_putc(row->seq, '\n');
	}
}

void dev_mcast_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_multicast, .missing = "a device's addresses are missing"};

	devices_show(&rows);
}
