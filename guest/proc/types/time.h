/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers, clocks and CPU time (include/linux/timer.h,
 * timekeeper_internal.h, kernel_stat.h, kernel/time/tick-sched.h). */
#ifndef GUEST_PROC_TYPES_TIME_H
#define GUEST_PROC_TYPES_TIME_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/task.h"

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
	s64 offs_real, offs_boot;
	u64 xtime_sec;
};

/* Newer kernels keep an array of these. */
struct tk_data {
	struct timekeeper timekeeper;
};

/* Per CPU: when it went idle, and for how long it was. */
struct tick_sched {
	unsigned long flags; /* newer kernels, with TS_FLAG_IDLE_ACTIVE; */
	unsigned int idle_active : 1; /* older */
	s64 idle_entrytime, idle_sleeptime, iowait_sleeptime;
};

enum cpu_usage_stat {
	/* The target's values are asked for. */
	CPUTIME_USER = 0,
	CPUTIME_NICE,
	CPUTIME_SYSTEM,
	CPUTIME_SOFTIRQ,
	CPUTIME_IRQ,
	CPUTIME_IDLE,
	CPUTIME_IOWAIT,
	CPUTIME_STEAL,
	CPUTIME_GUEST,
	CPUTIME_GUEST_NICE,
};

/* Per CPU. Newest kernels count idle time here instead of in tick_sched. */
struct kernel_cpustat {
	bool idle_elapse;
	u64 idle_entrytime, idle_stealtime[2];
	u64 cpustat[10];
};

struct sched_domain;

/* What runs, of one group on one CPU. */
struct cfs_rq {
	struct load_weight load;
	unsigned int nr_running; /* before 6.6, as the next ones */
	unsigned int h_nr_running, idle_nr_running; /* the latter from 5.15 */
	int idle; /* from 5.15: the group yields to all others */
};

/* Per CPU: the scheduler's queue. */
struct rq {
	struct cfs_rq cfs;
	unsigned int nr_running;
	u64 nr_switches;
	atomic_t nr_iowait;
	/* Where statistics are configured (schedstat.guest.c). */
	unsigned int yld_count, sched_count, sched_goidle, ttwu_count, ttwu_local;
	u64 rq_cpu_time;
	struct sched_info rq_sched_info;
	struct sched_domain *sd;
};

#include "guest/kernel/guestc-types-end.h"

extern struct clocksource clocksource_jiffies;
extern unsigned long jiffies_64;
/* One or the other: where the core's time is. The shadow is copied to the real
 * one, which has no type, at the end of each update. */
extern struct tk_data timekeeper_data[];
extern struct timekeeper shadow_timekeeper;

extern unsigned long tick_nohz_active;
/* Per CPU. */
extern struct tick_sched tick_cpu_sched;
extern struct kernel_cpustat kernel_cpustat;
extern struct rq runqueues;

#endif
