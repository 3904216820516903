/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What TCP keeps of its algorithms and of routes (include/linux/win_minmax.h, include/net/tcp.h,
 * dst.h, include/uapi/linux/tcp.h). */
#ifndef GUEST_PROC_TYPES_TCP_H
#define GUEST_PROC_TYPES_TCP_H

#include "guest/proc/types/inet.h"

#include "guest/kernel/guestc-types-begin.h"

struct tcp_info {
	u8 tcpi_state;
};

struct tcp_congestion_ops {
	const void *get_info;
	char name[16];
};

struct tcp_ulp_ops {
	const void *get_info;
	char name[16];
};

struct net_device;

struct dst_entry {
	struct net_device *dev;
	unsigned long _metrics; /* where they are; the lowest two bits are flags */
};

#include "guest/kernel/guestc-types-end.h"

#endif
