/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6's addresses (include/net/if_inet6.h). */
#ifndef GUEST_PROC_TYPES_ADDRCONF_H
#define GUEST_PROC_TYPES_ADDRCONF_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/netdevice.h"

#include "guest/kernel/guestc-types-begin.h"

struct ifmcaddr6;

struct ifacaddr6 {
	struct in6_addr aca_addr;
	struct ifacaddr6 *aca_next;
	int aca_users;
};

struct icmpv6_mib_device {
	atomic_long_t mibs[1];
};

struct icmpv6msg_mib_device {
	atomic_long_t mibs[512];
};

struct proc_dir_entry;

/* What a device counts by itself. */
struct ipv6_devstat {
	struct proc_dir_entry *proc_dir_entry; /* NULL: shown nowhere */
	struct ipstats_mib *ipv6; /* per-CPU */
	struct icmpv6_mib_device *icmpv6dev;
	struct icmpv6msg_mib_device *icmpv6msgdev;
};

struct inet6_dev {
	struct net_device *dev;
	struct ifmcaddr6 *mc_list;
	struct ifacaddr6 *ac_list;
	struct ipv6_devstat stats;
	struct list_head addr_list;
};

struct inet6_ifaddr {
	struct in6_addr addr;
	struct in6_addr peer_addr;
	u32 prefix_len, flags, rt_priority, valid_lft;
	u32 prefered_lft; /* the kernel's spelling */
	u8 ifa_proto; /* from 5.18 */
	unsigned long cstamp, tstamp;
	struct list_head if_list;
	u16 scope;
	struct inet6_dev *idev;
	struct hlist_node addr_lst;
};

#include "guest/kernel/guestc-types-end.h"

#endif
