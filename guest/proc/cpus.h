/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which CPUs are there (include/linux/cpumask.h), and what each has counted. */
#ifndef GUEST_PROC_CPUS_H
#define GUEST_PROC_CPUS_H

#include "guest/kernel/guestc.h"
#include "guest/proc/types/time.h"

/* A CPU's time, in ns, as /proc/stat adds it up. */
struct cpu_time {
	u64 user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice;
};

extern struct cpumask __cpu_online_mask;

/* A kernel without SMP has no mask, and one CPU. */
static inline bool cpu_is_online(u32 cpu)
{
	const unsigned long *bits = (const unsigned long *)&__cpu_online_mask;

	return symbol_exists(__cpu_online_mask) ? (bits[cpu / 64] >> (cpu % 64) & 1) != 0 : cpu == 0;
}

#define for_each_online_cpu(cpu)         \
	for_each_possible_cpu (cpu)      \
		if (!cpu_is_online(cpu)) \
			;                \
		else

/* The time of CPU `cpu`; what it idles away since its last entry into idleness
 * counts as far as the timekeeper has come. */
GUEST_C void cpu_time_read(u32 cpu, struct cpu_time *ret_time);

/* What /proc/uptime sums up of it. */
GUEST_C u64 cpu_time_idle(u32 cpu);

/* The kernel's own timekeeper, as of its last update. */
GUEST_C const struct timekeeper *timekeeper_core(void);

/* ktime_get(), as of the last update. */
GUEST_C s64 timekeeper_monotonic(const struct timekeeper *timekeeper);

/* nr_running(), nr_iowait(), nr_context_switches() (kernel/sched/core.c). */
GUEST_C u32 cpus_running_tasks(void);
GUEST_C u32 cpus_waiting_tasks(void);
GUEST_C u64 cpus_context_switches(void);

#endif
