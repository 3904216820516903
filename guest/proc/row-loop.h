/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest C: lists that come back to themselves. */
#ifndef GUEST_PROC_ROW_LOOP_H
#define GUEST_PROC_ROW_LOOP_H

#include <stddef.h>
#include <stdint.h>

#include "guest/kernel/guest-call.h"

/* Has the walk come back to a node where it was?
 * (Brent's method: told after at most three times round.) */
struct row_loop {
	const void *landmark;
	uint64_t steps, lap;
};
#define ROW_LOOP ((struct row_loop){NULL, 0, 1})

static inline void row_loop_check(struct row_loop *loop, const void *node)
{
	if (node == loop->landmark)
		guest_fail(STATUS_MALFORMED, "a list comes back to itself");
	if (loop->steps++ == loop->lap) {
		loop->landmark = node;
		loop->lap *= 2;
		loop->steps = 0;
	}
}

#endif
