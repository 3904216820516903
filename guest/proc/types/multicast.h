/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multicast groups that a device has joined (include/linux/inetdevice.h,
 * igmp.h, include/net/if_inet6.h). */
#ifndef GUEST_PROC_TYPES_MULTICAST_H
#define GUEST_PROC_TYPES_MULTICAST_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/devconf.h"
#include "guest/proc/types/time.h"

#include "guest/kernel/guestc-types-begin.h"

/* A source that is let through or kept out, and by how many. */
struct ip_sf_list {
	struct ip_sf_list *sf_next;
	unsigned long sf_count[2]; /* by MCAST_EXCLUDE, MCAST_INCLUDE */
	__be32 sf_inaddr;
};

struct ip6_sf_list {
	struct ip6_sf_list *sf_next;
	unsigned long sf_count[2];
	struct in6_addr sf_addr;
};

struct ip_mc_list {
	__be32 multiaddr;
	struct ip_sf_list *sources;
	int users;
	char tm_running, reporter;
	struct timer_list timer;
	struct ip_mc_list *next_rcu;
};

struct in_ifaddr;

struct in_device {
	struct in_ifaddr *ifa_list;
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
	struct ip6_sf_list *mca_sources;
	int mca_users;
	unsigned int mca_flags;
	struct delayed_work mca_work;
	struct ifmcaddr6 *next;
};

#include "guest/kernel/guestc-types-end.h"

#endif
