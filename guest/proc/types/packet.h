/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packet sockets (net/packet/internal.h). */
#ifndef GUEST_PROC_TYPES_PACKET_H
#define GUEST_PROC_TYPES_PACKET_H

#include "guest/proc/types/sock.h"

#include "guest/kernel/guestc-types-begin.h"

enum packet_sock_flags {
	PACKET_SOCK_RUNNING = 4, /* the target's value is asked for */
};

struct packet_sock {
	struct sock sk;
	unsigned long flags;
	unsigned int running : 1; /* before 6.1 or a backport of it; then PACKET_SOCK_RUNNING in flags */
	int ifindex;
	u16 num; /* big-endian */
};

#include "guest/kernel/guestc-types-end.h"

#endif
