/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest C: how full the kernel's caches of routes are. */
#ifndef GUEST_PROC_CACHE_STATS_H
#define GUEST_PROC_CACHE_STATS_H

#include "guest/kernel/guestc.h"
#include "guest/proc/types/net.h"

/* dst_entries_get_slow() (net/dst_ops.h). CPUs that don't run have no part of it: theirs
 * was moved to the sum when they stopped. */
GUEST_C int cached_routes(const struct dst_ops *operations);

#endif
