/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How multicast is routed (net/ipv4/ipmr.c, ipmr_base.c, net/ipv6/ip6mr.c): the one walk over its tables,
 * routes and next hops, for /proc's files and netlink's dumps. Guest C. */
#ifndef GUEST_PROC_MULTICAST_H
#define GUEST_PROC_MULTICAST_H

#include "guest/proc/rows.h"
#include "guest/proc/types/mroute.h"

/* Call visit(context, …) for each table that the subject's namespace has; there may be none. */
GUEST_C void multicast_tables_walk(bool is_v6, void (*visit)(void *context, const struct mr_table *table),
				   void *context);

/* A row for each of a table's routes: those that are resolved, or those that wait for an answer. */
GUEST_C void multicast_routes_show(struct rows *rows, const struct mr_table *table, bool is_resolved);

/* Call visit(context, …) for each interface of the table that a resolved route leads to. */
GUEST_C void multicast_hops_walk(const struct mr_table *table, const struct mr_mfc *route,
				 void (*visit)(void *context, u32 number, u32 ttl), void *context);

#endif
