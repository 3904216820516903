/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takers of packets (include/linux/netdevice.h, include/net/hotdata.h). */
#ifndef GUEST_PROC_TYPES_PTYPE_H
#define GUEST_PROC_TYPES_PTYPE_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

struct packet_type {
	__be16 type;
	void *func;
	struct net *af_packet_net; /* of a packet socket */
	struct list_head list;
};

struct net_hotdata {
	struct list_head ptype_all; /* before 6.16 */
};

#include "guest/kernel/guestc-types-end.h"

#endif
