/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes of MPLS, which aren't told. */
#ifndef GUEST_ASK_MPLS_ROUTE_H
#define GUEST_ASK_MPLS_ROUTE_H

#include "guest/kernel/guestc.h"
#include "guest/proc/seq.h"

/* Where the target has any, a fault of the answer says so. */
GUEST_C void mpls_routes_say(struct seq *seq);

#endif
