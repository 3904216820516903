/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU time of tasks as their kernel tells it. Guest C. */
#ifndef GUEST_PROC_TASK_TIMES_H
#define GUEST_PROC_TASK_TIMES_H

#include "guest/proc/types/task.h"

/* In nanoseconds. */
struct task_times {
	u64 user, system;
};

/* task_cputime_adjusted(), thread_group_cputime_adjusted() */
GUEST_C void task_times_of_thread(const struct task_struct *task, struct task_times *ret_times);
GUEST_C void task_times_of_process(const struct task_struct *task, struct task_times *ret_times);

/* nsec_to_clock_t(): in hundredths of a second (USER_HZ). */
static inline u64 task_time_to_clock(u64 ns)
{
	return ns / 10000000;
}

#endif
