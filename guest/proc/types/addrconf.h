/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6's addresses (include/net/if_inet6.h). */
#ifndef GUEST_PROC_TYPES_ADDRCONF_H
#define GUEST_PROC_TYPES_ADDRCONF_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/list.h"
#include "guest/proc/types/netdevice.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct inet6_dev {
	struct net_device *dev;
};

struct inet6_ifaddr {
	struct in6_addr addr;
	uint32_t prefix_len, flags;
	uint16_t scope;
	struct inet6_dev *idev;
	struct hlist_node addr_lst;
};

#pragma clang attribute pop

#endif
