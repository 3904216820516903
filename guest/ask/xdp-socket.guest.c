/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SOCK_DIAG_BY_FAMILY for AF_XDP: xsk_diag_fill() (net/xdp/xsk_diag.c, 5.10 to 7.2). A kernel ends its list at a socket
 * whose device has gone; we go on. */
#include "guest/ask/dumps.h"
#include "guest/ask/socket-message.h"
#include "guest/proc/rows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/netdevice.h"

#include "guest/kernel/guestc-types-begin.h"

struct xsk_queue {
	u32 nentries;
	u64 invalid_descs, queue_empty_descs;
};

struct xdp_umem {
	u64 size;
	u32 headroom, chunk_size, npgs;
	refcount_t users;
	bool zc;
	int id;
};

struct xsk_buff_pool {
	struct net_device *netdev;
	u16 queue_id;
	struct xsk_queue *fq, *cq;
};

struct xdp_sock {
	struct sock sk;
	struct xsk_queue *rx, *tx;
	struct net_device *dev;
	struct xdp_umem *umem;
	struct xsk_buff_pool *pool;
	u16 queue_id;
	u64 rx_dropped, rx_queue_full;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	FAMILY_XDP = 44,
	/* XDP_SHOW_… (uapi/linux/xdp_diag.h) */
	SHOW_INFO = 1 << 0,
	SHOW_RINGS = 1 << 1,
	SHOW_UMEM = 1 << 2,
	SHOW_MEMINFO = 1 << 3,
	SHOW_STATS = 1 << 4,
	/* XDP_DIAG_… */
	ATTRIBUTE_INFO = 1,
	ATTRIBUTE_UID,
	ATTRIBUTE_RECEIVE_RING,
	ATTRIBUTE_SEND_RING,
	ATTRIBUTE_UMEM,
	ATTRIBUTE_FILL_RING,
	ATTRIBUTE_COMPLETION_RING,
	ATTRIBUTE_MEMINFO,
	ATTRIBUTE_STATS,
	IS_ZERO_COPY = 1 << 0, /* XDP_DU_F_ZEROCOPY */
};

/* struct xdp_diag_msg, _umem, _stats */
struct xdp_head {
	u8 family, type;
	u16 padding;
	u32 inode;
	u32 cookie[2];
};

struct umem {
	u64 size;
	u32 id, page_count, chunk_size, headroom, device, queue, flags, references;
};

struct stats {
	u64 receive_dropped, receive_invalid, receive_full, fill_ring_empty, send_invalid, send_ring_empty;
};

static u32 device_index(const struct net_device *device)
{
	return device != NULL ? (u32)device->ifindex : 0;
}

static void put_ring(struct ask_message *message, u16 type, const struct xsk_queue *ring)
{
	if (ring != NULL)
		message_put_u32(message, type, ring->nentries);
}

static void put_umem(struct ask_message *message, const struct xdp_sock *xdp)
{
	const struct xsk_buff_pool *pool = xdp->pool;
	const struct xdp_umem *there = xdp->umem;

	if (there == NULL)
		return;
	const struct umem umem = {
		.size = there->size,
		.id = (u32)there->id,
		.page_count = there->npgs,
		.chunk_size = there->chunk_size,
		.headroom = there->headroom,
		.device = pool != NULL ? device_index(pool->netdev) : 0,
		.queue = pool != NULL ? pool->queue_id : 0,
		.flags = there->zc ? IS_ZERO_COPY : 0,
		.references = (u32)there->users.refs.counter,
	};
	message_put(message, ATTRIBUTE_UMEM, &umem, sizeof umem);
	if (pool == NULL)
		return;
	put_ring(message, ATTRIBUTE_FILL_RING, pool->fq);
	put_ring(message, ATTRIBUTE_COMPLETION_RING, pool->cq);
}

static u64 invalid(const struct xsk_queue *ring)
{
	return ring != NULL ? ring->invalid_descs : 0;
}

static u64 empty(const struct xsk_queue *ring)
{
	return ring != NULL ? ring->queue_empty_descs : 0;
}

static void put_stats(struct ask_message *message, const struct xdp_sock *xdp)
{
	const struct stats stats = {xdp->rx_dropped,	invalid(xdp->rx),
				    xdp->rx_queue_full, xdp->pool != NULL ? empty(xdp->pool->fq) : 0,
				    invalid(xdp->tx),	empty(xdp->tx)};

	message_put(message, ATTRIBUTE_STATS, &stats, sizeof stats);
}

static void put_attributes(struct ask_message *message, u32 show, const struct xdp_sock *xdp)
{
	const u32 info[2] = {device_index(xdp->dev), xdp->queue_id};

	if (show & SHOW_INFO) {
		message_put(message, ATTRIBUTE_INFO, info, sizeof info);
		message_put_u32(message, ATTRIBUTE_UID, socket_uid(&xdp->sk));
	}
	if (show & SHOW_RINGS) {
		put_ring(message, ATTRIBUTE_RECEIVE_RING, xdp->rx);
		put_ring(message, ATTRIBUTE_SEND_RING, xdp->tx);
	}
	if (show & SHOW_UMEM)
		put_umem(message, xdp);
	if (show & SHOW_MEMINFO)
		socket_put_memory(message, ATTRIBUTE_MEMINFO, &xdp->sk);
	if (show & SHOW_STATS)
		put_stats(message, xdp);
}

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct ask_request *request = row->rows->context;
	const struct xdp_sock *xdp = row->object;
	struct xdp_head head = {FAMILY_XDP, (u8)xdp->sk.sk_type, 0, (u32)socket_inode(&xdp->sk), {0, 0}};
	struct ask_message message;

	socket_cookie(&xdp->sk, head.cookie);
	message_begin(&message, row->seq, SOCK_DIAG_BY_FAMILY);
	message_fixed(&message, &head, sizeof head);
	put_attributes(&message, request->show, xdp);
	message_end(&message);
}

void ask_xdp_sockets(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a socket is missing"};
	struct ask_request request;

	if (!field_exists(struct net, xdp))
		guest_fail(STATUS_MISSING, "the target's kernel has no XDP sockets");
	ask_request_copy(&request);
	rows.context = &request;
	rows_show_list(&rows, READ_ONCE(net_subject()->xdp.list.first),
		       field_offset(struct sock, __sk_common.skc_node));
}
