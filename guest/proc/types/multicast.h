/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multicast groups that a device has joined (include/linux/inetdevice.h,
 * igmp.h, include/net/if_inet6.h). */
#ifndef GUEST_PROC_TYPES_MULTICAST_H
#define GUEST_PROC_TYPES_MULTICAST_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/devconf.h"
#include "guest/proc/types/time.h"

#include "guest/kernel/guestc-types-begin.h"

struct ip_mc_list {
	__be32 multiaddr;
	int users;
	char tm_running, reporter;
	struct timer_list timer;
	struct ip_mc_list *next_rcu;
};

struct in_device {
	struct ip_mc_list *mc_list;
	int mc_count;
	unsigned long mr_v1_seen, mr_v2_seen; /* until then, queriers of that version are reckoned with */
	struct ipv4_devconf cnf;
};

struct delayed_work {
	struct timer_list timer;
};

struct ifmcaddr6 {
	struct in6_addr mca_addr;
	int mca_users;
	unsigned int mca_flags;
	struct delayed_work mca_work;
	struct ifmcaddr6 *next;
};

#include "guest/kernel/guestc-types-end.h"

#endif
