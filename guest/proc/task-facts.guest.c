/* SPDX-License-Identifier: GPL-2.0-or-later */
/* include/linux/sched.h, kernel/pid.c, fs/proc/array.c, 5.10 to 7.2. */
#include "guest/proc/task-facts.h"

enum {
	/* include/linux/sched.h. Bits that a kernel hasn't are never set there. */
	TASK_UNINTERRUPTIBLE = 0x2,
	TASK_REPORT = 0x7f,
	TASK_IDLE = 0x402,
	TASK_RTLOCK_WAIT = 0x1000, /* from 5.16 */
	TASK_FROZEN = 0x8000, /* from 6.1 */
	TASK_REPORT_IDLE = TASK_REPORT + 1,
	/* MAX_PID_NS_LEVEL (kernel/pid_namespace.c) */
	PID_LEVEL_MAX = 32,
	SIGNAL_COUNT = 64,
	SIGNAL_DEFAULT = 0, /* SIG_DFL */
	SIGNAL_IGNORE = 1, /* SIG_IGN */
};

u32 task_state(const struct task_struct *task)
{
	if (field_exists(struct task_struct, __state))
		return task->__state;
	return (u32)task->state;
}

/* task_state_index() */
static u32 report_state(const struct task_struct *task)
{
	u32 state = task_state(task);

	if (!field_exists(struct task_struct, __state))
		return state == TASK_IDLE ? TASK_REPORT_IDLE : (state | (u32)task->exit_state) & TASK_REPORT;
	if ((state & (TASK_RTLOCK_WAIT | TASK_FROZEN)) != 0)
		return TASK_UNINTERRUPTIBLE;
	if ((state & TASK_IDLE) == TASK_IDLE)
		return TASK_REPORT_IDLE;
	return (state | (u32)task->exit_state) & TASK_REPORT;
}

const char *task_state_text(const struct task_struct *task)
{
	u32 state = report_state(task);

	if (state == 0)
		return "R (running)";
	if (state >= TASK_REPORT_IDLE)
		return "I (idle)";
	if (state >= 0x40)
		return "P (parked)";
	if (state >= 0x20)
		return "Z (zombie)";
	if (state >= 0x10)
		return "X (dead)";
	if (state >= 0x8)
		return "t (tracing stop)";
	if (state >= 0x4)
		return "T (stopped)";
	return state >= TASK_UNINTERRUPTIBLE ? "D (disk sleep)" : "S (sleeping)";
}

const struct mm_struct *task_user_mm(const struct task_struct *task)
{
	return (task->flags & PF_KTHREAD) != 0 ? NULL : task->mm;
}

bool task_has_signals(const struct task_struct *task)
{
	return task->sighand != NULL;
}

u32 pid_number_in(const struct pid *pid, const struct pid_namespace *namespace)
{
	u32 level = namespace->level;

	if (pid == NULL || level > pid->level || level > PID_LEVEL_MAX)
		return 0;
	return pid->numbers[level].ns == namespace ? (u32)pid->numbers[level].nr : 0;
}

u32 task_number_in(const struct task_struct *task, u32 type, const struct pid_namespace *namespace)
{
	if (type == PIDTYPE_PID)
		return pid_number_in(task->thread_pid, namespace);
	return pid_number_in(task->signal->pids[type], namespace);
}

u32 task_parent_in(const struct task_struct *task, const struct pid_namespace *namespace)
{
	if (task->thread_pid == NULL)
		return 0;
	return task_number_in(task->real_parent, PIDTYPE_TGID, namespace);
}

void task_signal_actions(const struct task_struct *task, u64 *ret_ignored, u64 *ret_caught)
{
	const struct k_sigaction *actions = task->sighand->action;
	u64 ignored = 0, caught = 0;

	for (u32 i = 0; i < SIGNAL_COUNT; i++) {
		u64 handler = (u64)actions[i].sa.sa_handler;

		if (handler == SIGNAL_IGNORE)
			ignored |= 1ull << i;
		else if (handler != SIGNAL_DEFAULT)
			caught |= 1ull << i;
	}
	*ret_ignored = ignored;
	*ret_caught = caught;
}

u32 task_cpu(const struct task_struct *task)
{
	if (field_exists(struct task_struct, thread_info.cpu))
		return task->thread_info.cpu;
	return task->cpu;
}
