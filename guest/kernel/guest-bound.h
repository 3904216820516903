/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks of guest C that end. */
#ifndef GUEST_KERNEL_GUEST_BOUND_H
#define GUEST_KERNEL_GUEST_BOUND_H

#include <stdint.h>

#include "guest/kernel/guest-call.h"

enum {
	/* No kernel list is longer: PID_MAX_LIMIT is 4 Mi on 64-bit
	 * (include/linux/threads.h), and nothing that we list outnumbers
	 * tasks by more than its hash chains divide it. */
	GUEST_WALK_STEPS_MAX = 1 << 22,
};

/* A bounded walk, by hand:
 *	struct guest_bound bound = GUEST_BOUND(GUEST_WALK_STEPS_MAX, "tasks");
 *	while (…) { guest_bound(&bound); … }
 * One step too many ends the error boundary with STATUS_LIMIT. (Loops without
 * one end too, by the budget of the whole file, with a less helpful text.) */
struct guest_bound {
	uint64_t left;
	const char *what;
};
#define GUEST_BOUND(limit, what) ((struct guest_bound){(limit), (what)})

static inline __attribute__((always_inline)) void guest_bound(struct guest_bound *bound)
{
	if (__builtin_expect(bound->left-- == 0, 0))
		guest_fault_limit(bound->what);
}

#endif
