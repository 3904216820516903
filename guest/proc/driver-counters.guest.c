/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/driver-counters.h"

#include "guest/proc/mention.h"
#include "guest/proc/types/drivers.h"

extern char dev_lstats_read[];

enum {
	NETDEV_ALIGN = 32, /* linux/netdevice.h */
	/* rtnl_create_link() (net/core/rtnetlink.c) makes no more. */
	VETH_QUEUE_COUNT_MAX = 4096,
};

/* Counters are plain words or wrapped ones: read what lies there. */
#define COUNTER(stats, member) (*(const u64 *)&(stats)->member)

const char *driver_data(const struct net_device *dev)
{
	if (field_exists(struct net_device, priv))
		return (const char *)dev + field_offset(struct net_device, priv);
	return (const char *)dev + (type_size(struct net_device) + NETDEV_ALIGN - 1) / NETDEV_ALIGN * NETDEV_ALIGN;
}

/* virtnet_stats() (drivers/net/virtio_net.c) */
void virtnet_counters_get(const struct net_device *dev, struct device_counters *counters)
{
	if (!type_exists(struct virtnet_info))
		guest_fail(STATUS_UNSUPPORTED,
			   "virtio_net is a module whose types the kernel doesn't keep (before 5.11)");

	const struct virtnet_info *info = (const void *)driver_data(dev);
	u32 pair_count = info->max_queue_pairs; /* at most 65,535 */
	const struct send_queue *send = info->sq;
	const struct receive_queue *receive = info->rq;

	for (u32 i = 0; i < pair_count; i++, send++, receive++) {
		counters->tx_packets += COUNTER(&send->stats, packets);
		counters->tx_bytes += COUNTER(&send->stats, bytes);
		if (field_exists(struct virtnet_sq_stats, tx_timeouts))
			counters->tx_errors += COUNTER(&send->stats, tx_timeouts);
		counters->rx_packets += COUNTER(&receive->stats, packets);
		counters->rx_bytes += COUNTER(&receive->stats, bytes);
		counters->rx_dropped += COUNTER(&receive->stats, drops);
	}
	counters->tx_dropped = dev->stats.tx_dropped;
	counters->tx_fifo_errors = dev->stats.tx_fifo_errors;
	counters->rx_length_errors = dev->stats.rx_length_errors;
	counters->rx_frame_errors = dev->stats.rx_frame_errors;
}

/* What one end of a pair received, in numbers of our own (struct veth_stats). */
struct veth_sums {
	u64 rx_drops, xdp_packets, xdp_bytes, xdp_tx_err, peer_tq_xdp_xmit_err;
};

/* veth_stats_rx() (drivers/net/veth.c) */
static void veth_sum(const struct net_device *dev, struct veth_sums *ret_sums)
{
	const struct veth_priv *priv = (const void *)driver_data(dev);
	const struct veth_rq *queue = priv->rq;
	struct veth_sums sums = {};
	u32 count = dev->num_rx_queues;

	if (count > VETH_QUEUE_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a device has more queues than any could have");
	for (u32 i = 0; i < count; i++, queue++) {
		const struct veth_stats *stats = &queue->stats.vs;

		sums.rx_drops += stats->rx_drops;
		sums.xdp_packets += stats->xdp_packets;
		sums.xdp_bytes += stats->xdp_bytes;
		sums.xdp_tx_err += stats->xdp_tx_err;
		sums.peer_tq_xdp_xmit_err += stats->peer_tq_xdp_xmit_err;
	}
	*ret_sums = sums;
}

/* What `dev` itself counted as sent (and, from 6.1 on, received as well). */
static void veth_add_software(const struct net_device *dev, bool light, struct device_counters *counters)
{
	u64 packets, bytes;

	if (!light) {
		device_tunnel_add(dev, counters);
		return;
	}
	device_light_sum(dev, &packets, &bytes);
	counters->tx_packets += packets;
	counters->tx_bytes += bytes;
}

/* veth_get_stats64() (drivers/net/veth.c) */
void veth_counters_get(const struct net_device *dev, const char *function, struct device_counters *counters)
{
	if (!type_exists(struct veth_priv))
		guest_fail(STATUS_UNSUPPORTED, "veth is a module whose types the kernel doesn't keep (before 5.11)");

	const struct veth_priv *priv = (const void *)driver_data(dev);
	const struct net_device *peer = priv->peer;
	bool light = symbol_exists(dev_lstats_read) && code_refers_to(function, dev_lstats_read);
	struct device_counters theirs = {};
	struct veth_sums sums;

	veth_add_software(dev, light, counters);
	veth_sum(dev, &sums);
	counters->tx_dropped = (u64)priv->dropped.counter + sums.xdp_tx_err;
	counters->rx_dropped = sums.rx_drops + sums.peer_tq_xdp_xmit_err;
	counters->rx_bytes += sums.xdp_bytes;
	counters->rx_packets += sums.xdp_packets;
	if (peer == NULL)
		return;
	veth_add_software(peer, light, &theirs);
	counters->rx_bytes += theirs.tx_bytes;
	counters->rx_packets += theirs.tx_packets;
	veth_sum(peer, &sums);
	counters->tx_dropped += sums.peer_tq_xdp_xmit_err;
	counters->rx_dropped += sums.xdp_tx_err;
	counters->tx_bytes += sums.xdp_bytes;
	counters->tx_packets += sums.xdp_packets;
}
