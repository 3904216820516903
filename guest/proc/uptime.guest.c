/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/uptime: fs/proc/uptime.c, fs/proc/stat.c, kernel/time/tick-sched.c,
 * kernel/sched/cputime.c, 5.10 to 7.2.
 *
 * The target adds to its last update of the time what its clock source has
 * counted since; we can't read that counter. So both figures are those of the
 * last update: at most one tick behind while any CPU is busy, and as far
 * behind as the last wake-up while all of them sleep.
 *
 * CPUs under nohz_full keep their idle time in the task that runs
 * (VIRT_CPU_ACCOUNTING_GEN); for those the figure is the one last booked.
 */
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/types/time.h"

enum {
	NS_PER_SECOND = 1000000000,
	NS_PER_CENTISECOND = NS_PER_SECOND / 100,
	NS_PER_US = 1000,
	TS_FLAG_IDLE_ACTIVE = 1 << 2, /* kernel/time/tick-sched.h */
};

static const struct timekeeper *core_timekeeper(void)
{
	if (symbol_exists(timekeeper_data))
		return &timekeeper_data->timekeeper; /* [TIMEKEEPER_CORE], the first */
	return &shadow_timekeeper;
}

/* ktime_get(), as of the last update. */
static s64 monotonic_ns(const struct timekeeper *timekeeper)
{
	u32 shift = timekeeper->tkr_mono.shift;

	if (shift > 32)
		guest_fail(STATUS_MALFORMED, "the timekeeper's shift is beyond any clock source's");
	return timekeeper->tkr_mono.base + (s64)(timekeeper->tkr_mono.xtime_nsec >> shift);
}

static bool cpu_is_online(u32 cpu)
{
	const unsigned long *bits = (const unsigned long *)&__cpu_online_mask;

	return (bits[cpu / 64] >> (cpu % 64) & 1) != 0;
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

/* get_cpu_idle_time_us(), in its own whole microseconds. */
static u64 idle_of_tick(u32 cpu, s64 now)
{
	const struct tick_sched *tick = per_cpu_ptr(&tick_cpu_sched, cpu);
	s64 idle = tick->idle_sleeptime, entry = tick->idle_entrytime;

	if (is_idle_now(tick) && !waits_for_input(cpu) && now > entry)
		idle += now - entry;
	return (u64)idle / NS_PER_US * NS_PER_US;
}

/* kcpustat_field_idle() */
static u64 idle_of_statistics(u32 cpu, s64 now)
{
	const struct kernel_cpustat *statistics = per_cpu_ptr(&kernel_cpustat, cpu);
	u64 idle = statistics->cpustat[enum_value(enum cpu_usage_stat, CPUTIME_IDLE)];

	if (!field_exists(struct kernel_cpustat, idle_elapse) || !statistics->idle_elapse)
		return idle;
	if (waits_for_input(cpu) || (u64)now <= statistics->idle_entrytime)
		return idle;
	u64 delta = (u64)now - statistics->idle_entrytime;
	return idle + delta - min(statistics->idle_stealtime[0], delta);
}

static u64 idle_ns(u32 cpu, s64 now)
{
	if (field_exists(struct tick_sched, idle_sleeptime) && tick_nohz_active != 0 && cpu_is_online(cpu))
		return idle_of_tick(cpu, now);
	return idle_of_statistics(cpu, now);
}

static void print(struct seq *seq, u64 ns, char end)
{
	seq_printf(seq, "%llu.%02llu%c", ns / NS_PER_SECOND, ns % NS_PER_SECOND / NS_PER_CENTISECOND, end);
}

void uptime_show(struct seq *seq)
{
	const struct timekeeper *timekeeper = core_timekeeper();
	s64 now = monotonic_ns(timekeeper);
	u64 idle = 0;
	u32 cpu;

	for_each_possible_cpu (cpu)
		idle += idle_ns(cpu, now);
	print(seq, (u64)(now + timekeeper->offs_boot), ' ');
	print(seq, idle, '\n');
}
