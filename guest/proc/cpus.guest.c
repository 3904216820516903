/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time of CPUs: fs/proc/stat.c, kernel/time/tick-sched.c,
 * kernel/sched/cputime.c, kernel/sched/core.c, 5.10 to 7.2.
 *
 * The target adds to its last update of the time what its clock source has
 * counted since; we can't read that counter. So idle time that goes on is that
 * of the last update: at most one tick behind while any CPU is busy, and as far
 * behind as the last wake-up while all of them sleep.
 *
 * CPUs under nohz_full keep their time in the task that runs
 * (VIRT_CPU_ACCOUNTING_GEN); for those the figures are the ones last booked.
 */
#include "guest/proc/cpus.h"

enum {
	NS_PER_US = 1000,
	TS_FLAG_IDLE_ACTIVE = 1 << 2, /* kernel/time/tick-sched.h */
};

const struct timekeeper *timekeeper_core(void)
{
	if (symbol_exists(timekeeper_data))
		return &timekeeper_data->timekeeper; /* [TIMEKEEPER_CORE], the first */
	return &shadow_timekeeper;
}

s64 timekeeper_monotonic(const struct timekeeper *timekeeper)
{
	u32 shift = timekeeper->tkr_mono.shift;

	if (shift > 32)
		guest_fail(STATUS_MALFORMED, "the timekeeper's shift is beyond any clock source's");
	return timekeeper->tkr_mono.base + (s64)(timekeeper->tkr_mono.xtime_nsec >> shift);
}

static bool waits_for_input(u32 cpu)
{
	return per_cpu_ptr(&runqueues, cpu)->nr_iowait.counter != 0;
}

static bool is_idle_now(const struct tick_sched *tick)
{
	if (field_exists(struct tick_sched, idle_active))
		return tick->idle_active != 0;
	return (tick->flags & TS_FLAG_IDLE_ACTIVE) != 0;
}

/* get_cpu_idle_time_us() and get_cpu_iowait_time_us(), in their own whole
 * microseconds: a CPU idles for input, or for nothing. */
static u64 sleep_of_tick(u32 cpu, s64 now, bool for_input)
{
	const struct tick_sched *tick = per_cpu_ptr(&tick_cpu_sched, cpu);
	s64 sleep = for_input ? tick->iowait_sleeptime : tick->idle_sleeptime;

	if (is_idle_now(tick) && waits_for_input(cpu) == for_input && now > tick->idle_entrytime)
		sleep += now - tick->idle_entrytime;
	return (u64)sleep / NS_PER_US * NS_PER_US;
}

static u64 booked(const struct kernel_cpustat *statistics, s64 which)
{
	const u64 *values = statistics->cpustat;

	if (which < 0 || (u64)which >= field_size(struct kernel_cpustat, cpustat) / sizeof(u64))
		guest_fail(STATUS_MALFORMED, "a kind of CPU time is beyond the table of them");
	return values[which];
}

/* kcpustat_field_dyntick() */
static u64 sleep_of_statistics(u32 cpu, s64 now, bool for_input)
{
	const struct kernel_cpustat *statistics = per_cpu_ptr(&kernel_cpustat, cpu);
	s64 idle = enum_value(enum cpu_usage_stat, CPUTIME_IDLE);
	s64 which = for_input ? enum_value(enum cpu_usage_stat, CPUTIME_IOWAIT) : idle;
	u64 sleep = booked(statistics, which);

	if (!field_exists(struct kernel_cpustat, idle_elapse) || !statistics->idle_elapse)
		return sleep;
	if (waits_for_input(cpu) != for_input || (u64)now <= statistics->idle_entrytime)
		return sleep;
	const u64 *stolen = statistics->idle_stealtime;
	u64 delta = (u64)now - statistics->idle_entrytime;
	return sleep + delta - min(stolen[for_input ? 1 : 0], delta);
}

static u64 sleep_ns(u32 cpu, s64 now, bool for_input)
{
	if (field_exists(struct tick_sched, idle_sleeptime) && tick_nohz_active != 0 && cpu_is_online(cpu))
		return sleep_of_tick(cpu, now, for_input);
	return sleep_of_statistics(cpu, now, for_input);
}

u64 cpu_time_idle(u32 cpu)
{
	return sleep_ns(cpu, timekeeper_monotonic(timekeeper_core()), false);
}

void cpu_time_read(u32 cpu, struct cpu_time *ret_time)
{
	const struct kernel_cpustat *statistics = per_cpu_ptr(&kernel_cpustat, cpu);
	s64 now = timekeeper_monotonic(timekeeper_core());

	ret_time->user = booked(statistics, enum_value(enum cpu_usage_stat, CPUTIME_USER));
	ret_time->nice = booked(statistics, enum_value(enum cpu_usage_stat, CPUTIME_NICE));
	ret_time->system = booked(statistics, enum_value(enum cpu_usage_stat, CPUTIME_SYSTEM));
	ret_time->idle = sleep_ns(cpu, now, false);
	ret_time->iowait = sleep_ns(cpu, now, true);
	ret_time->irq = booked(statistics, enum_value(enum cpu_usage_stat, CPUTIME_IRQ));
	ret_time->softirq = booked(statistics, enum_value(enum cpu_usage_stat, CPUTIME_SOFTIRQ));
	ret_time->steal = booked(statistics, enum_value(enum cpu_usage_stat, CPUTIME_STEAL));
	ret_time->guest = booked(statistics, enum_value(enum cpu_usage_stat, CPUTIME_GUEST));
	ret_time->guest_nice = booked(statistics, enum_value(enum cpu_usage_stat, CPUTIME_GUEST_NICE));
}

u32 cpus_running_tasks(void)
{
	u32 cpu, count = 0;

	for_each_online_cpu(cpu) count += per_cpu_ptr(&runqueues, cpu)->nr_running;
	return count;
}

u32 cpus_waiting_tasks(void)
{
	u32 cpu, count = 0;

	for_each_possible_cpu (cpu)
		count += (u32)per_cpu_ptr(&runqueues, cpu)->nr_iowait.counter;
	return count;
}

u64 cpus_context_switches(void)
{
	u64 count = 0;
	u32 cpu;

	for_each_possible_cpu (cpu)
		count += per_cpu_ptr(&runqueues, cpu)->nr_switches;
	return count;
}
