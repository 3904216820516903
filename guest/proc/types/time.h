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

struct tk_read_base {
	u32 mult, shift;
	u64 xtime_nsec; /* shifted */
	s64 base;
};

struct timekeeper {
	struct tk_read_base tkr_mono;
	s64 offs_boot;
};

/* Newer kernels keep an array of these. */
struct tk_data {
	struct timekeeper timekeeper;
};

/* Per CPU: when it went idle, and for how long it was. */
struct tick_sched {
	unsigned long flags; /* newer kernels, with TS_FLAG_IDLE_ACTIVE; */
	unsigned int idle_active : 1; /* older */
	s64 idle_entrytime, idle_sleeptime;
};

enum cpu_usage_stat {
	CPUTIME_IDLE = 5, /* the target's values are asked for */
};

/* Per CPU. Newest kernels count idle time here instead of in tick_sched. */
struct kernel_cpustat {
	bool idle_elapse;
	u64 idle_entrytime, idle_stealtime[2];
	u64 cpustat[10];
};

/* Per CPU: the scheduler's queue. */
struct rq {
	atomic_t nr_iowait;
};

#include "guest/kernel/guestc-types-end.h"

extern struct clocksource clocksource_jiffies;
extern unsigned long jiffies_64;
/* One or the other: where the core's time is. The shadow is copied to the real
 * one, which has no type, at the end of each update. */
extern struct tk_data timekeeper_data[];
extern struct timekeeper shadow_timekeeper;

extern unsigned long tick_nohz_active;
extern struct cpumask __cpu_online_mask;
/* Per CPU. */
extern struct tick_sched tick_cpu_sched;
extern struct kernel_cpustat kernel_cpustat;
extern struct rq runqueues;

#endif
