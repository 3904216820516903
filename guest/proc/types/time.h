/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers, clocks and CPU time (include/linux/timer.h,
 * timekeeper_internal.h, kernel_stat.h, kernel/time/tick-sched.h). */
#ifndef GUEST_PROC_TYPES_TIME_H
#define GUEST_PROC_TYPES_TIME_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/list.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct timer_list {
	struct hlist_node entry;
	unsigned long expires;
};

struct clocksource {
	uint32_t mult, shift;
};

#pragma clang attribute pop

#endif
