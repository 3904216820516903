/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network devices of the initial namespace, in the orders in which the
 * kernel shows them, and their counters.
 */
#ifndef GUEST_PROC_DEVICES_H
#define GUEST_PROC_DEVICES_H

#include "guest/kernel/guestc.h"
#include "guest/proc/rows.h"
#include "guest/proc/types/netdevice.h"

enum {
	DEVICE_NAME_SIZE = 16, /* IFNAMSIZ (uapi/linux/if.h) */
};

/* What /proc/net/dev shows of struct rtnl_link_stats64. */
struct device_counters {
	u64 rx_packets, tx_packets, rx_bytes, tx_bytes, rx_errors, tx_errors, rx_dropped, tx_dropped;
	u64 multicast, collisions;
	u64 rx_length_errors, rx_over_errors, rx_crc_errors, rx_frame_errors, rx_fifo_errors, rx_missed_errors;
	u64 tx_aborted_errors, tx_carrier_errors, tx_fifo_errors, tx_heartbeat_errors, tx_window_errors;
	u64 rx_compressed, tx_compressed, rx_nohandler;
};

/* The device's name, its NUL included, as text of our own. */
GUEST_C void device_name(const struct net_device *dev, char ret_name[DEVICE_NAME_SIZE]);

/* A row for each device, by index: the order of /proc/net/dev. */
GUEST_C void devices_show(struct rows *rows);

/* The counters, as dev_get_stats() (net/core/dev.c) would give them. Drivers
 * have functions for that, which only those that we know can be imitated: ends
 * the error boundary with STATUS_UNSUPPORTED for all others. */
GUEST_C void device_counters_get(const struct net_device *dev, struct device_counters *ret_counters);

#endif
