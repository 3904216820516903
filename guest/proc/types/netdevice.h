/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network devices and their counters (include/linux/netdevice.h). */
#ifndef GUEST_PROC_TYPES_NETDEVICE_H
#define GUEST_PROC_TYPES_NETDEVICE_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/net.h"

#include "guest/kernel/guestc-types-begin.h"

struct net_device;
struct in_device;
struct inet6_dev;

struct net_device_ops {
	void *ndo_get_stats64;
	void *ndo_get_stats;
	void *ndo_get_iflink;
};

struct net_device_stats {
	unsigned long rx_packets, tx_packets, rx_bytes, tx_bytes, rx_errors, tx_errors, rx_dropped, tx_dropped;
	unsigned long multicast, collisions;
	unsigned long rx_length_errors, rx_over_errors, rx_crc_errors, rx_frame_errors, rx_fifo_errors,
		rx_missed_errors;
	unsigned long tx_aborted_errors, tx_carrier_errors, tx_fifo_errors, tx_heartbeat_errors, tx_window_errors;
	unsigned long rx_compressed, tx_compressed;
};

/* What dev_get_stats() makes, and drivers fill. */
struct rtnl_link_stats64 {
	u64 rx_frame_errors;
};

/* From 5.18; per CPU. */
struct net_device_core_stats {
	unsigned long rx_dropped, tx_dropped, rx_nohandler;
	unsigned long rx_otherhost_dropped; /* from 5.19 */
};

/* Counters of software devices, per CPU. Plain or wrapped (u64_stats_t), each
 * is eight bytes. */
struct pcpu_lstats {
	u64 packets, bytes;
};

struct pcpu_sw_netstats {
	u64 rx_packets, rx_bytes, tx_packets, tx_bytes;
};

struct pcpu_dstats {
	u64 rx_packets, rx_bytes, rx_drops, tx_packets, tx_bytes, tx_drops;
};

enum netdev_stat_type {
	NETDEV_PCPU_STAT_TSTATS = 2, /* the target's values are asked for */
	NETDEV_PCPU_STAT_DSTATS = 3,
};

struct netdev_hw_addr {
	struct list_head list;
	unsigned char addr[32];
	bool global_use;
	int refcount;
};

struct netdev_hw_addr_list {
	struct list_head list;
};

struct Qdisc_ops {
	char id[16];
};

struct Qdisc {
	const struct Qdisc_ops *ops;
};

struct rtnl_link_ops {
	const char *kind;
};

struct dev_ifalias {
	char ifalias[1]; /* with its NUL */
};

/* A device above or below another (net/core/dev.c). */
struct netdev_adjacent {
	struct net_device *dev;
	bool master;
	struct list_head list;
};

struct net_device {
	char name[16];
	int ifindex;
	unsigned int flags;
	unsigned short gflags;
	unsigned long state; /* bits: __LINK_STATE_… */
	unsigned int operstate : 32; /* a byte before 6.9 */
	unsigned char link_mode, if_port, dma;
	unsigned int mtu, min_mtu, max_mtu, tx_queue_len, group, promiscuity, allmulti, num_tx_queues;
	unsigned int gso_max_size : 32, gso_max_segs : 32;
	unsigned int gro_max_size, gso_ipv4_max_size, gro_ipv4_max_size, tso_max_size; /* newer kernels */
	u16 tso_max_segs;
	unsigned long mem_start, mem_end, base_addr;
	int irq;
	unsigned int proto_down : 32;
	unsigned char *dev_addr;
	unsigned char broadcast[32], perm_addr[32];
	struct Qdisc *qdisc;
	const struct rtnl_link_ops *rtnl_link_ops;
	struct dev_ifalias *ifalias; /* NULL: none */
	atomic_t carrier_up_count, carrier_down_count;
	struct {
		struct list_head upper, lower;
	} adj_list;
	atomic_long_t rx_nohandler; /* before 5.18 */
	unsigned short type; /* ARPHRD_… */
	unsigned char addr_len;
	possible_net_t nd_net;
	struct list_head dev_list;
	struct hlist_node index_hlist; /* in net.dev_index_head */
	const struct net_device_ops *netdev_ops;
	struct net_device_stats stats;
	atomic_long_t rx_dropped, tx_dropped; /* before 5.18 */
	struct net_device_core_stats *core_stats; /* from 5.18: per-CPU, or NULL */
	struct pcpu_lstats *lstats; /* per-CPU, these three in one union */
	struct pcpu_sw_netstats *tstats;
	struct pcpu_dstats *dstats;
	enum netdev_stat_type pcpu_stat_type : 8;
	struct netdev_hw_addr_list mc;
	struct list_head ptype_all;
	struct in_device *ip_ptr; /* NULL: no IPv4 */
	struct inet6_dev *ip6_ptr; /* NULL: no IPv6 */
	unsigned int num_rx_queues;
	u8 priv[1]; /* from 6.8; before: behind the struct, at a multiple of 32 */
};

#include "guest/kernel/guestc-types-end.h"

#endif
