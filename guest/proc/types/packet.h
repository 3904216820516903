/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packet sockets (net/packet/internal.h). */
#ifndef GUEST_PROC_TYPES_PACKET_H
#define GUEST_PROC_TYPES_PACKET_H

#include "guest/proc/types/sock.h"

#include "guest/kernel/guestc-types-begin.h"

enum packet_sock_flags {
	/* The target's values are asked for. */
	PACKET_SOCK_ORIGDEV = 0,
	PACKET_SOCK_AUXDATA = 1,
	PACKET_SOCK_TP_LOSS = 3, /* from 6.4 or a backport of it */
	PACKET_SOCK_HAS_VNET_HDR = 4, /* 6.4, 6.5 and backports */
	PACKET_SOCK_RUNNING = 5,
};

/* Which packets a device takes because of the socket. */
struct packet_mclist {
	struct packet_mclist *next;
	int ifindex, count;
	unsigned short type, alen;
	unsigned char addr[32];
};

/* A ring of TPACKET_V3. */
struct tpacket_kbdq_core {
	unsigned short retire_blk_tov, blk_sizeof_priv;
	unsigned int feature_req_word;
	s64 interval_ktime; /* from 6.18; before: retire_blk_tov */
};

struct packet_ring_buffer {
	void *pg_vec; /* NULL: no ring */
	unsigned int frame_size, frame_max, pg_vec_pages, pg_vec_len;
	struct tpacket_kbdq_core prb_bdqc;
};

struct packet_fanout {
	u16 id;
	u8 type;
};

struct packet_sock {
	struct sock sk;
	struct packet_fanout *fanout;
	struct packet_ring_buffer rx_ring, tx_ring;
	int copy_thresh;
	unsigned int tp_version, tp_reserve, tp_tstamp;
	unsigned int has_vnet_hdr : 1, tp_loss : 1; /* before 6.4 or so; then flags, and: */
	u8 vnet_hdr_sz;
	struct packet_mclist *mclist;
	unsigned long flags;
	unsigned int running : 1; /* before 6.1 or a backport of it; then PACKET_SOCK_RUNNING in flags */
	int ifindex;
	u16 num; /* big-endian */
};

#include "guest/kernel/guestc-types-end.h"

#endif
