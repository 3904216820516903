/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers, clocks and CPU time (include/linux/timer.h,
 * timekeeper_internal.h, kernel_stat.h, kernel/time/tick-sched.h). */
#ifndef GUEST_PROC_TYPES_TIME_H
#define GUEST_PROC_TYPES_TIME_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

struct timer_list {
	struct hlist_node entry;
	unsigned long expires;
};

struct clocksource {
	u32 mult, shift;
};

#include "guest/kernel/guestc-types-end.h"

extern struct clocksource clocksource_jiffies;
extern unsigned long jiffies_64;

#endif
