/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6's addresses (include/net/if_inet6.h). */
#ifndef GUEST_PROC_TYPES_ADDRCONF_H
#define GUEST_PROC_TYPES_ADDRCONF_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/netdevice.h"

#include "guest/kernel/guestc-types-begin.h"

struct ifmcaddr6;

struct inet6_dev {
	struct net_device *dev;
	struct ifmcaddr6 *mc_list;
};

struct inet6_ifaddr {
	struct in6_addr addr;
	u32 prefix_len, flags;
	u16 scope;
	struct inet6_dev *idev;
	struct hlist_node addr_lst;
};

#include "guest/kernel/guestc-types-end.h"

#endif
