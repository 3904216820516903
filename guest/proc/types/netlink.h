/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netlink sockets (net/netlink/af_netlink.h). */
#ifndef GUEST_PROC_TYPES_NETLINK_H
#define GUEST_PROC_TYPES_NETLINK_H

#include "guest/proc/types/rhashtable.h"
#include "guest/proc/types/sock.h"

#include "guest/kernel/guestc-types-begin.h"

struct netlink_table {
	struct rhashtable hash;
	struct hlist_head mc_list; /* sockets that hear groups */
};

struct netlink_sock {
	struct sock sk;
	u32 portid;
	unsigned long *groups;
	u32 dst_portid, dst_group, ngroups;
	u32 flags : 32; /* a whole word from 6.1 or so */
	bool cb_running;
	struct rhash_head node;
};

#include "guest/kernel/guestc-types-end.h"

/* MAX_LINKS of them, one for each protocol. */
extern struct netlink_table *nl_table;

#endif
