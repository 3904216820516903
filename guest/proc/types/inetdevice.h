/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4's addresses (include/linux/inetdevice.h). struct in_device is in types/multicast.h. */
#ifndef GUEST_PROC_TYPES_INETDEVICE_H
#define GUEST_PROC_TYPES_INETDEVICE_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/multicast.h"

#include "guest/kernel/guestc-types-begin.h"

struct in_ifaddr {
	struct in_ifaddr *ifa_next;
	__be32 ifa_local, ifa_address, ifa_mask, ifa_broadcast;
	u32 ifa_rt_priority, ifa_flags, ifa_valid_lft, ifa_preferred_lft;
	unsigned char ifa_scope, ifa_prefixlen;
	unsigned char ifa_proto; /* from 5.18 */
	char ifa_label[16];
	unsigned long ifa_cstamp, ifa_tstamp;
};

#include "guest/kernel/guestc-types-end.h"

#endif
