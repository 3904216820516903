/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU time: kernel/sched/cputime.c, 5.10 to 7.2. The tick samples who runs, so
 * the sampled times are scaled to the runtime that the scheduler measured, and
 * never fall behind what was told before (cputime_adjust()). That "before" is
 * in the task: the kernel stores it there, we compute with what it stored last.
 *
 * Where times aren't sampled (VIRT_CPU_ACCOUNTING_GEN in use, with nohz_full=)
 * the figures are those last booked.
 */
#include "guest/proc/task-times.h"

#include "guest/proc/format.h"
#include "guest/proc/task-facts.h"

struct sums {
	u64 user, system, runtime;
};

/* cputime_adjust() */
static void adjust(const struct sums *sums, const struct prev_cputime *previous, struct task_times *ret_times)
{
	u64 told_user = previous->utime, told_system = previous->stime;
	u64 user = 0, system = 0;

	if (told_system + told_user >= sums->runtime) {
		*ret_times = (struct task_times){told_user, told_system};
		return;
	}
	if (sums->system != 0)
		system = sums->user == 0 ? sums->runtime
					 : min(format_scale(sums->system, sums->runtime, sums->system + sums->user),
					       sums->runtime);
	system = max(system, told_system);
	user = sums->runtime - system;
	if (user < told_user) {
		user = told_user;
		system = sums->runtime - user;
	}
	*ret_times = (struct task_times){user, system};
}

void task_times_of_thread(const struct task_struct *task, struct task_times *ret_times)
{
	struct sums sums = {task->utime, task->stime, task->se.sum_exec_runtime};

	adjust(&sums, &task->prev_cputime, ret_times);
}

/* thread_group_cputime() */
void task_times_of_process(const struct task_struct *task, struct task_times *ret_times)
{
	const struct signal_struct *shared = task->signal;
	struct sums sums = {shared->utime, shared->stime, shared->sum_sched_runtime};
	struct task_struct *thread;

	for_each_thread(thread, shared)
	{
		sums.user += thread->utime;
		sums.system += thread->stime;
		sums.runtime += thread->se.sum_exec_runtime;
	}
	adjust(&sums, &shared->prev_cputime, ret_times);
}
