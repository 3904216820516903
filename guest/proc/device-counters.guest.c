/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a device counted (dev_get_stats(), net/core/dev.c, and the functions of
 * drivers that it calls). */
#include "guest/proc/devices.h"
#include "guest/proc/symbols.h"

extern char loopback_get_stats64[], dev_get_tstats64[], ip_tunnel_get_stats64[];

/* Counters are plain words or wrapped ones: read what lies there. */
#define COUNTER(stats, cpu, member) (*(const u64 *)&per_cpu_ptr(stats, cpu)->member)

/* netdev_stats_to_stats64() */
static void add_plain(const struct net_device *dev, struct device_counters *counters)
{
	const struct net_device_stats *stats = &dev->stats;

	counters->rx_packets += stats->rx_packets;
	counters->tx_packets += stats->tx_packets;
	counters->rx_bytes += stats->rx_bytes;
	counters->tx_bytes += stats->tx_bytes;
	counters->rx_errors += stats->rx_errors;
	counters->tx_errors += stats->tx_errors;
	counters->rx_dropped += stats->rx_dropped;
	counters->tx_dropped += stats->tx_dropped;
	counters->multicast += stats->multicast;
	counters->collisions += stats->collisions;
	counters->rx_length_errors += stats->rx_length_errors;
	counters->rx_over_errors += stats->rx_over_errors;
	counters->rx_crc_errors += stats->rx_crc_errors;
	counters->rx_frame_errors += stats->rx_frame_errors;
	counters->rx_fifo_errors += stats->rx_fifo_errors;
	counters->rx_missed_errors += stats->rx_missed_errors;
	counters->tx_aborted_errors += stats->tx_aborted_errors;
	counters->tx_carrier_errors += stats->tx_carrier_errors;
	counters->tx_fifo_errors += stats->tx_fifo_errors;
	counters->tx_heartbeat_errors += stats->tx_heartbeat_errors;
	counters->tx_window_errors += stats->tx_window_errors;
	counters->rx_compressed += stats->rx_compressed;
	counters->tx_compressed += stats->tx_compressed;
}

/* dev_lstats_read() */
static void sum_light(const struct net_device *dev, u64 *ret_packets, u64 *ret_bytes)
{
	u64 packets = 0, bytes = 0;
	u32 cpu;

	for_each_possible_cpu(cpu) {
		packets += COUNTER(dev->lstats, cpu, packets);
		bytes += COUNTER(dev->lstats, cpu, bytes);
	}
	*ret_packets = packets;
	*ret_bytes = bytes;
}

/* dev_fetch_sw_netstats() */
static void add_tunnel(const struct net_device *dev, struct device_counters *counters)
{
	u32 cpu;

	for_each_possible_cpu(cpu) {
		counters->rx_packets += COUNTER(dev->tstats, cpu, rx_packets);
		counters->rx_bytes += COUNTER(dev->tstats, cpu, rx_bytes);
		counters->tx_packets += COUNTER(dev->tstats, cpu, tx_packets);
		counters->tx_bytes += COUNTER(dev->tstats, cpu, tx_bytes);
	}
}

/* dev_fetch_dstats() */
static void add_dropping(const struct net_device *dev, struct device_counters *counters)
{
	u32 cpu;

	for_each_possible_cpu(cpu) {
		counters->rx_packets += COUNTER(dev->dstats, cpu, rx_packets);
		counters->rx_bytes += COUNTER(dev->dstats, cpu, rx_bytes);
		counters->rx_dropped += COUNTER(dev->dstats, cpu, rx_drops);
		counters->tx_packets += COUNTER(dev->dstats, cpu, tx_packets);
		counters->tx_bytes += COUNTER(dev->dstats, cpu, tx_bytes);
		counters->tx_dropped += COUNTER(dev->dstats, cpu, tx_drops);
	}
}

static void get_loopback(const struct net_device *dev, struct device_counters *counters)
{
	sum_light(dev, &counters->rx_packets, &counters->rx_bytes);
	counters->tx_packets = counters->rx_packets;
	counters->tx_bytes = counters->rx_bytes;
}

/* A device whose driver has a function for its counters. */
static void get_by_driver(const struct net_device *dev, const void *function, struct device_counters *counters)
{
	char name[SYMBOL_NAME_SIZE];

	if (function == loopback_get_stats64) {
		get_loopback(dev, counters);
		return;
	}
	if (function == dev_get_tstats64 || function == ip_tunnel_get_stats64) {
		add_plain(dev, counters);
		add_tunnel(dev, counters);
		return;
	}
	if (module_symbol_name(function, name) && strcmp(name, "dummy_get_stats64") == 0) {
		sum_light(dev, &counters->tx_packets, &counters->tx_bytes);
		return;
	}
	guest_fail(STATUS_UNSUPPORTED, "a network driver's own counters aren't known");
}

/* A device whose driver leaves counting to the kernel. */
static void get_by_kernel(const struct net_device *dev, struct device_counters *counters)
{
	u32 type = 0;

	if (field_exists(struct net_device, pcpu_stat_type))
		type = dev->pcpu_stat_type;
	add_plain(dev, counters);
	if (type != 0 && type == (u32)enum_value(enum netdev_stat_type, NETDEV_PCPU_STAT_TSTATS))
		add_tunnel(dev, counters);
	else if (type != 0 && type == (u32)enum_value(enum netdev_stat_type, NETDEV_PCPU_STAT_DSTATS))
		add_dropping(dev, counters);
}

/* Packets that the kernel itself dropped. */
static void add_core(const struct net_device *dev, struct device_counters *counters)
{
	u32 cpu;

	if (!field_exists(struct net_device, core_stats)) {
		counters->rx_dropped += (u64)dev->rx_dropped.counter;
		counters->tx_dropped += (u64)dev->tx_dropped.counter;
		return;
	}
	if (dev->core_stats == NULL)
		return;
	for_each_possible_cpu(cpu) {
		counters->rx_dropped += per_cpu_ptr(dev->core_stats, cpu)->rx_dropped;
		counters->tx_dropped += per_cpu_ptr(dev->core_stats, cpu)->tx_dropped;
	}
}

void device_counters_get(const struct net_device *dev, struct device_counters *ret_counters)
{
	struct device_counters counters = {};
	const struct net_device_ops *ops = dev->netdev_ops;

	if (ops->ndo_get_stats64 != NULL)
		get_by_driver(dev, ops->ndo_get_stats64, &counters);
	else if (ops->ndo_get_stats != NULL)
		guest_fail(STATUS_UNSUPPORTED, "a network driver's own counters aren't known");
	else
		get_by_kernel(dev, &counters);
	add_core(dev, &counters);
	*ret_counters = counters;
}
