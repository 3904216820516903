/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes of multicast (include/linux/mroute_base.h, mroute.h, mroute6.h). */
#ifndef GUEST_PROC_TYPES_MROUTE_H
#define GUEST_PROC_TYPES_MROUTE_H

#include "guest/proc/types/netdevice.h"

#include "guest/kernel/guestc-types-begin.h"

struct vif_device {
	struct net_device *dev;
	unsigned long bytes_in, bytes_out, pkt_in, pkt_out;
	unsigned short flags;
	__be32 local, remote;
};

struct mr_mfc {
	unsigned short mfc_parent;
	int mfc_flags;
	union {
		struct {
			int minvif, maxvif;
			unsigned long lastuse; /* jiffies */
			u64 bytes, pkt, wrong_if; /* wrapped ones from 6.14 */
			unsigned char ttls[32];
		} res;
	} mfc_un;
	struct list_head list;
};

struct mfc_cache {
	struct mr_mfc _c;
	__be32 mfc_mcastgrp, mfc_origin;
};

struct mfc6_cache {
	struct mr_mfc _c;
	struct in6_addr mf6c_mcastgrp, mf6c_origin;
};

struct mr_table {
	struct list_head list;
	u32 id;
	struct list_head mfc_unres_queue, mfc_cache_list;
	struct vif_device vif_table[1]; /* MAXVIFS */
	int maxvif;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	MROUTE_INTERFACE_COUNT_MAX = 32, /* MAXVIFS */
	MROUTE_TTL_NEVER = 255, /* an interface that a route doesn't lead to */
};

/* Counters are plain words or wrapped ones: read what lies there. */
#define MROUTE_WORD(route, member) (*(const u64 *)&(route)->mfc_un.res.member)

static inline const struct vif_device *mroute_interface(const struct mr_table *table, u64 number)
{
	return (const void *)((const char *)table->vif_table + number * type_size(struct vif_device));
}

#endif
