/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What network drivers count in. These types are in the BTF of the modules,
 * which kernels have from 5.11 on: ask type_exists(). */
#ifndef GUEST_PROC_TYPES_DRIVERS_H
#define GUEST_PROC_TYPES_DRIVERS_H

#include "guest/proc/types/netdevice.h"

#include "guest/kernel/guestc-types-begin.h"

/* drivers/net/virtio_net.c. Plain or wrapped (u64_stats_t), each counter is
 * eight bytes. */
struct virtnet_sq_stats {
	u64 packets, bytes;
	u64 tx_timeouts; /* from 5.19 */
};

struct virtnet_rq_stats {
	u64 packets, bytes, drops;
};

struct send_queue {
	struct virtnet_sq_stats stats;
};

struct receive_queue {
	struct virtnet_rq_stats stats;
};

struct virtnet_info {
	struct send_queue *sq;
	struct receive_queue *rq;
	u16 max_queue_pairs;
};

/* drivers/net/veth.c */
struct veth_stats {
	u64 rx_drops, xdp_packets, xdp_bytes, xdp_tx_err, peer_tq_xdp_xmit_err;
};

struct veth_rq_stats {
	struct veth_stats vs;
};

struct veth_rq {
	struct veth_rq_stats stats;
};

struct veth_priv {
	struct net_device *peer;
	atomic64_t dropped;
	struct veth_rq *rq;
};

#include "guest/kernel/guestc-types-end.h"

#endif
