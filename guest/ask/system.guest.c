/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysinfo(): do_sysinfo() (kernel/sys.c, 5.10 to 7.2). */
#include "guest/ask/system.h"

#include "guest/proc/cpus.h"
#include "guest/proc/memory.h"

enum {
	PAGE_SHIFT = 12,
	LOAD_SHIFT = 16 - 11, /* SI_LOAD_SHIFT − FSHIFT */
	NS_PER_SECOND = 1000000000,
};

extern unsigned long avenrun[];
extern int nr_threads;

void ask_system_run(void *argument)
{
	const struct timekeeper *timekeeper = timekeeper_core();
	struct ask_system *system = argument;
	struct memory_summary summary;

	/* As of the timekeeper's last update, like /proc/uptime. */
	u64 uptime_ns = (u64)(timekeeper_monotonic(timekeeper) + timekeeper->offs_boot);
	system->uptime_s = (uptime_ns + NS_PER_SECOND - 1) / NS_PER_SECOND;
	for (u32 i = 0; i < ASK_LOAD_COUNT; i++)
		system->loads[i] = avenrun[i] << LOAD_SHIFT;
	memory_summary_read(&summary);
	system->memory_size = summary.total << PAGE_SHIFT;
	system->free_size = summary.free << PAGE_SHIFT;
	system->shared_size = summary.shared << PAGE_SHIFT;
	system->buffer_size = summary.buffers << PAGE_SHIFT;
	system->swap_size = summary.swap_total << PAGE_SHIFT;
	system->free_swap_size = summary.swap_free << PAGE_SHIFT;
	system->thread_count = (u32)nr_threads;
}
