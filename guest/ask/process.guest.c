/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kill(pid, 0), getpgid(), getsid(), getpriority(), sched_get*() about the target's tasks:
 * kernel/signal.c, kernel/sys.c, kernel/sched/{core,syscalls,fair,rt}.c, 5.10 to 7.2.
 *
 * A number is looked up in the PID namespace's IDR, never in the list that
 * /proc is listed from: who compares the two finds what hides from one.
 */
#include "guest/ask/process.h"

#include "guest/ask/slice.h"
#include "guest/proc/task-facts.h"
#include "guest/proc/task.h"
#include "guest/proc/ticks.h"
#include "guest/proc/types/cred.h"
#include "guest/proc/types/pid.h"
#include "guest/proc/types/signal.h"
#include "guest/proc/types/task.h"
#include "guest/proc/types/time.h"

enum {
	PRIORITY_DEFAULT = 120, /* DEFAULT_PRIO: static_prio − this is the nice value */
	POLICY_NORMAL = 0, /* SCHED_… (uapi/linux/sched.h) */
	POLICY_FIFO = 1,
	POLICY_RR = 2,
	POLICY_BATCH = 3,
	POLICY_IDLE = 5,
	POLICY_DEADLINE = 6,
	POLICY_EXT = 7,
	LINK_SIZE = 16, /* struct hlist_node */
};

extern unsigned int sched_rr_timeslice;
extern struct cpumask __cpu_active_mask;

static u32 shown_by_type(const struct task_struct *task, u32 type)
{
	return pid_shown(READ_ONCE(task->signal->pids[type]));
}

static bool is_real_time(u32 policy)
{
	return policy == POLICY_FIFO || policy == POLICY_RR;
}

/* get_rr_interval_{rt,fair}(): nothing where the task's CPU has nothing to do. */
static u64 interval_of(const struct task_struct *task, u32 policy)
{
	const struct rq *queue = per_cpu_ptr(&runqueues, task_cpu(task));
	struct ticks ticks;
	u64 slice;

	ticks_read(&ticks);
	if (policy == POLICY_RR)
		return sched_rr_timeslice * ticks.tick_ns;
	if (is_real_time(policy) || policy == POLICY_DEADLINE || queue->cfs.load.weight == 0)
		return 0;
	slice = field_exists(struct sched_entity, slice) ? task->se.slice : slice_computed(task, queue);
	/* NS_TO_JIFFIES() */
	return slice / ticks.tick_ns * ticks.tick_ns;
}

/* sched_getaffinity(): of the task's CPUs those that are active. */
static void affinity_get(const struct task_struct *task, struct ask_process *process)
{
	u32 size = (nr_cpu_ids + 63) / 64 * 8;

	if (size > sizeof process->affinity)
		guest_fail(STATUS_MALFORMED, "more CPUs than any kernel has");
	guest_copy(process->affinity, &task->cpus_mask, size);
	for (u32 i = 0; i < size / 8; i++)
		process->affinity[i] &= ((const unsigned long *)&__cpu_active_mask)[i];
	process->affinity_size = size;
}

static s32 nice_of(const struct task_struct *task)
{
	return task->static_prio - PRIORITY_DEFAULT;
}

static void details_get(const struct task_struct *task, struct ask_process *process)
{
	process->group = shown_by_type(task, PIDTYPE_PGID);
	process->session = shown_by_type(task, PIDTYPE_SID);
	process->thread_group = shown_by_type(task, PIDTYPE_TGID);
	process->nice = nice_of(task);
	process->policy = task->policy;
	process->priority = is_real_time(process->policy) ? task->rt_priority : 0;
	process->resets_on_fork = task->sched_reset_on_fork;
	process->interval_ns = interval_of(task, process->policy);
	affinity_get(task, process);
}

/* Is there a process in this group? Its struct pid has a list of them. */
static bool group_exists(u32 number)
{
	const struct pid *pid = task_pid_find(number);

	return pid != NULL && READ_ONCE(pid->tasks[PIDTYPE_PGID].first) != NULL;
}

void ask_process_run(void *argument)
{
	struct ask_process *process = argument;
	const struct task_struct *task;

	if (process->by == ASK_BY_GROUP) {
		process->is_found = group_exists(process->number);
		return;
	}
	task = task_find(process->number);
	process->is_found = task != NULL;
	if (task != NULL && process->with_details)
		details_get(task, process);
}

/* The best of a process's threads: all of a group's, of a user those that the view shows. */
static void take_threads(struct ask_priority *priority, const struct task_struct *leader)
{
	const struct task_struct *task;

	list_for_each_entry (task, &leader->signal->thread_head, thread_node) {
		if (priority->group == 0 && (task->real_cred->uid.val != priority->user || task_pid_shown(task) == 0))
			continue;
		priority->nice = priority->is_found ? min(priority->nice, nice_of(task)) : nice_of(task);
		priority->is_found = true;
	}
}

/* By the list that the group's struct pid has of its processes: do_each_pid_thread(). */
static void take_group(struct ask_priority *priority)
{
	struct guest_bound bound = GUEST_BOUND(GUEST_WALK_STEPS_MAX, "processes of a group");
	const struct pid *group = task_pid_find(priority->group);
	const struct hlist_node *node = group != NULL ? READ_ONCE(group->tasks[PIDTYPE_PGID].first) : NULL;

	for (; node != NULL; node = READ_ONCE(node->next)) {
		const char *links = (const char *)node - (u64)PIDTYPE_PGID * LINK_SIZE;

		guest_bound(&bound);
		take_threads(priority, container_of(links, const struct task_struct, pid_links));
	}
}

void ask_priority_run(void *argument)
{
	struct ask_priority *priority = argument;
	const struct task_struct *leader;

	priority->is_found = false;
	if (priority->group != 0) {
		take_group(priority);
		return;
	}
	/* A kernel has no other list of a user's processes either. */
	task_list_check();
	list_for_each_entry (leader, &init_task.tasks, tasks)
		take_threads(priority, leader);
}
