/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a device counted (dev_get_stats(), net/core/dev.c, and the functions of
 * drivers that it calls). */
#include "guest/proc/devices.h"
#include "guest/proc/driver-counters.h"
#include "guest/proc/mention.h"
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
void device_light_sum(const struct net_device *dev, u64 *ret_packets, u64 *ret_bytes)
{
	u64 packets = 0, bytes = 0;
	u32 cpu;

	for_each_possible_cpu (cpu) {
		packets += COUNTER(dev->lstats, cpu, packets);
		bytes += COUNTER(dev->lstats, cpu, bytes);
	}
	*ret_packets = packets;
	*ret_bytes = bytes;
}

/* dev_fetch_sw_netstats() */
void device_tunnel_add(const struct net_device *dev, struct device_counters *counters)
{
	u32 cpu;

	for_each_possible_cpu (cpu) {
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

	for_each_possible_cpu (cpu) {
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
	device_light_sum(dev, &counters->rx_packets, &counters->rx_bytes);
	counters->tx_packets = counters->rx_packets;
	counters->tx_bytes = counters->rx_bytes;
}

/* dev_get_tstats64(), in older kernels ip_tunnel_get_stats64() */
static void get_tunnel(const struct net_device *dev, struct device_counters *counters)
{
	add_plain(dev, counters);
	device_tunnel_add(dev, counters);
}

/* struct tun_pcpu_stats (drivers/net/tun.c, before 5.11), which no BTF
 * describes: modules had none. */
struct tun_counters {
	u64 rx_packets, rx_bytes, tx_packets, tx_bytes;
	u32 rx_dropped, tx_dropped, rx_frame_errors;
};

static void add_tun_cpu(const void *there, struct device_counters *counters)
{
	struct tun_counters here;

	guest_copy(&here, there, sizeof here);
	counters->rx_packets += here.rx_packets;
	counters->rx_bytes += here.rx_bytes;
	counters->tx_packets += here.tx_packets;
	counters->tx_bytes += here.tx_bytes;
	/* As in the kernel, sums of 32 bits. */
	counters->rx_dropped = (u32)(counters->rx_dropped + here.rx_dropped);
	counters->tx_dropped = (u32)(counters->tx_dropped + here.tx_dropped);
	counters->rx_frame_errors = (u32)(counters->rx_frame_errors + here.rx_frame_errors);
}

/* tun_net_get_stats64(): the device's counters and a word of the driver's, or
 * counters per CPU that are all the driver's. */
static void get_tun(const struct net_device *dev, const char *function, struct device_counters *counters)
{
	const char *bytes = (const char *)dev;
	u32 offset, cpu;

	if (code_finds_percpu_pointer(function, &offset)) {
		const char *percpu = *(const char *const *)(bytes + offset);

		for_each_possible_cpu (cpu)
			add_tun_cpu(per_cpu_ptr(percpu, cpu), counters);
		return;
	}
	if (!code_finds_word_added_to(function, (u32)field_offset(struct rtnl_link_stats64, rx_frame_errors), &offset))
		guest_fail(STATUS_UNSUPPORTED, "where the tun driver counts isn't known");
	get_tunnel(dev, counters);
	counters->rx_frame_errors += *(const u64 *)(bytes + offset);
}

static bool get_kernels_own(const char *function, struct device_counters *counters, const struct net_device *dev)
{
	if (symbol_exists(loopback_get_stats64) && function == loopback_get_stats64)
		get_loopback(dev, counters);
	else if (symbol_exists(dev_get_tstats64) && function == dev_get_tstats64)
		get_tunnel(dev, counters);
	else if (symbol_exists(ip_tunnel_get_stats64) && function == ip_tunnel_get_stats64)
		get_tunnel(dev, counters);
	else
		return false;
	return true;
}

/* A device whose driver has a function for its counters. */
static void get_by_driver(const struct net_device *dev, const char *function, struct device_counters *counters)
{
	char name[SYMBOL_NAME_SIZE];

	if (get_kernels_own(function, counters, dev))
		return;
	if (!symbol_name((u64)function, name) && !module_symbol_name(function, name))
		guest_fail(STATUS_UNSUPPORTED, "a network driver's counting function has no name");
	if (strcmp(name, "dummy_get_stats64") == 0)
		device_light_sum(dev, &counters->tx_packets, &counters->tx_bytes);
	else if (strcmp(name, "tun_net_get_stats64") == 0)
		get_tun(dev, function, counters);
	else if (strcmp(name, "virtnet_stats") == 0)
		virtnet_counters_get(dev, counters);
	else if (strcmp(name, "veth_get_stats64") == 0)
		veth_counters_get(dev, function, counters);
	else
		guest_fail(STATUS_UNSUPPORTED, "how a network driver counts isn't known");
}

/* A device whose driver leaves counting to the kernel. */
static void get_by_kernel(const struct net_device *dev, struct device_counters *counters)
{
	u32 type = 0;

	if (field_exists(struct net_device, pcpu_stat_type))
		type = dev->pcpu_stat_type;
	add_plain(dev, counters);
	if (type != 0 && type == (u32)enum_value(enum netdev_stat_type, NETDEV_PCPU_STAT_TSTATS))
		device_tunnel_add(dev, counters);
	else if (type != 0 && type == (u32)enum_value(enum netdev_stat_type, NETDEV_PCPU_STAT_DSTATS))
		add_dropping(dev, counters);
}

/* Packets that the kernel itself dropped, or had nobody for. */
static void add_core(const struct net_device *dev, struct device_counters *counters)
{
	u32 cpu;

	if (!field_exists(struct net_device, core_stats)) {
		counters->rx_dropped += (u64)dev->rx_dropped.counter;
		counters->tx_dropped += (u64)dev->tx_dropped.counter;
		counters->rx_nohandler += (u64)dev->rx_nohandler.counter;
		return;
	}
	if (dev->core_stats == NULL)
		return;
	for_each_possible_cpu (cpu) {
		counters->rx_dropped += per_cpu_ptr(dev->core_stats, cpu)->rx_dropped;
		counters->tx_dropped += per_cpu_ptr(dev->core_stats, cpu)->tx_dropped;
		counters->rx_nohandler += per_cpu_ptr(dev->core_stats, cpu)->rx_nohandler;
	}
}

void device_counters_get(const struct net_device *dev, struct device_counters *ret_counters)
{
	struct device_counters counters = {};
	const struct net_device_ops *ops = dev->netdev_ops;

	if (ops->ndo_get_stats64 != NULL)
		get_by_driver(dev, ops->ndo_get_stats64, &counters);
	else if (ops->ndo_get_stats != NULL)
		guest_fail(STATUS_UNSUPPORTED, "how a network driver counts isn't known");
	else
		get_by_kernel(dev, &counters);
	add_core(dev, &counters);
	*ret_counters = counters;
}
