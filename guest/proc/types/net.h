/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network namespace (include/net/net_namespace.h, netns/ipv4.h). */
#ifndef GUEST_PROC_TYPES_NET_H
#define GUEST_PROC_TYPES_NET_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/fs.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct inet_hashinfo;
struct udp_table;

struct inet_timewait_death_row {
	struct inet_hashinfo *hashinfo;
};

struct netns_ipv4 {
	struct inet_timewait_death_row tcp_death_row;
	struct udp_table *udp_table;        /* from 6.2; before: the global udp_table */
	uint8_t sysctl_tcp_pingpong_thresh; /* from 6.8 */
};

struct net {
	struct proc_dir_entry *proc_net;
	struct netns_ipv4 ipv4;
};

#pragma clang attribute pop

extern struct net init_net;

#endif
