/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/uptime: fs/proc/uptime.c, 5.10 to 7.2; both figures as of the
 * timekeeper's last update (cpus.guest.c). */
#include "guest/proc/cpus.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"

enum {
	NS_PER_SECOND = 1000000000,
	NS_PER_CENTISECOND = NS_PER_SECOND / 100,
};

static void print(struct seq *seq, u64 ns, char end)
{
	seq_printf(seq, "%llu.%02llu%c", ns / NS_PER_SECOND, ns % NS_PER_SECOND / NS_PER_CENTISECOND, end);
}

void uptime_show(struct seq *seq)
{
	const struct timekeeper *timekeeper = timekeeper_core();
	u64 idle = 0;
	u32 cpu;

	for_each_possible_cpu (cpu)
		idle += cpu_time_idle(cpu);
	print(seq, (u64)(timekeeper_monotonic(timekeeper) + timekeeper->offs_boot), ' ');
	print(seq, idle, '\n');
}
