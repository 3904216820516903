/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of device_counters_get(): what drivers count in ways of their own. */
#ifndef GUEST_PROC_DRIVER_COUNTERS_H
#define GUEST_PROC_DRIVER_COUNTERS_H

#include "guest/proc/devices.h"

/* Software counters of the device per CPU, added up: dev_lstats_read(). */
GUEST_C void device_light_sum(const struct net_device *dev, u64 *ret_packets, u64 *ret_bytes);
/* dev_fetch_sw_netstats() */
GUEST_C void device_tunnel_add(const struct net_device *dev, struct device_counters *counters);

/* netdev_priv(): the driver's own struct. */
GUEST_C const char *driver_data(const struct net_device *dev);

/* Imitate the driver's ndo_get_stats64, which is at `function`. They end the
 * error boundary with STATUS_UNSUPPORTED where the target doesn't say what the
 * driver's structs look like. */
GUEST_C void virtnet_counters_get(const struct net_device *dev, struct device_counters *counters);
GUEST_C void veth_counters_get(const struct net_device *dev, const char *function, struct device_counters *counters);

#endif
