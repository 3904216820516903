/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters that network management defines (include/net/snmp.h,
 * include/net/netns/mib.h). */
#ifndef GUEST_PROC_TYPES_SNMP_H
#define GUEST_PROC_TYPES_SNMP_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

/* A line of the tables that give counters their names. */
struct snmp_mib {
	const char *name;
	int entry;
};

struct ipstats_mib;
struct linux_mib;
struct linux_xfrm_mib;
struct mptcp_mib;
struct sctp_mib;
struct tcp_mib;
struct udp_mib;
struct icmpv6_mib;

struct icmp_mib {
	unsigned long mibs[30]; /* as many as the kernel has: ask type_size() */
};

/* Counters by message type, outgoing ones from 256. Not per CPU. */
struct icmpmsg_mib {
	atomic_long_t mibs[512];
};

struct icmpv6msg_mib {
	atomic_long_t mibs[512];
};

/* Pointers are per-CPU, except those of the two above. */
struct netns_mib {
	struct tcp_mib *tcp_statistics;
	struct ipstats_mib *ip_statistics;
	struct linux_mib *net_statistics;
	struct udp_mib *udp_statistics;
	struct udp_mib *udplite_statistics; /* before 7.1 */
	struct icmp_mib *icmp_statistics;
	struct icmpmsg_mib *icmpmsg_statistics;
	struct udp_mib *udp_stats_in6;
	struct udp_mib *udplite_stats_in6; /* before 7.1 */
	struct ipstats_mib *ipv6_statistics;
	struct icmpv6_mib *icmpv6_statistics;
	struct icmpv6msg_mib *icmpv6msg_statistics;
	struct mptcp_mib *mptcp_statistics; /* where MPTCP is configured */
	struct linux_xfrm_mib *xfrm_statistics; /* where XFRM_STATISTICS is configured */
};

#include "guest/kernel/guestc-types-end.h"

#endif
