/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6's routes in the order of the kernel's dumps. Guest C. */
#ifndef GUEST_PROC_FIB6_H
#define GUEST_PROC_FIB6_H

#include "guest/proc/rows.h"
#include "guest/proc/types/fib6.h"

/* A row for each route (row.object: struct fib6_info) of all tables of the
 * subject's namespace. A route of several hops is one for each with `each_hop`,
 * else one in all. `enter` is asked before each table, with the rows' context;
 * false leaves it out. NULL: all. */
GUEST_C void fib6_routes_show(struct rows *rows, bool each_hop,
			      bool (*enter)(const void *context, const struct fib6_table *table));

#endif
