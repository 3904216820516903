/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/stat, /proc/PID/task/TID/stat: fs/proc/array.c, do_task_stat(),
 * 5.10 to 7.2. As the machine's root reads it.
 */
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task-facts.h"
#include "guest/proc/task-memory.h"
#include "guest/proc/task-stack.h"
#include "guest/proc/task-times.h"
#include "guest/proc/types/tty.h"

enum {
	MAX_RT_PRIO = 100,
	DEFAULT_PRIO = 120,
	RLIMIT_RSS = 5,
	SIGNAL_STOP_STOPPED = 1,
	SIGNAL_GROUP_EXIT = 4,
	MINOR_BITS = 20,
	STAT_PAGE_SIZE = 4096,
	/* The old fields of signals show 31 of them. */
	STAT_SIGNAL_MASK = 0x7fffffff,
};

struct counts {
	u64 minor_faults, major_faults, guest_time;
	struct task_times times;
};

static void count_thread(const struct task_struct *task, struct counts *ret_counts)
{
	*ret_counts = (struct counts){task->min_flt, task->maj_flt, task->gtime, {0, 0}};
	task_times_of_thread(task, &ret_counts->times);
}

static void count_process(const struct task_struct *task, struct counts *ret_counts)
{
	const struct signal_struct *shared = task->signal;
	struct task_struct *thread;
	struct counts counts = {shared->min_flt, shared->maj_flt, shared->gtime, {0, 0}};

	for_each_thread(thread, shared)
	{
		counts.minor_faults += thread->min_flt;
		counts.major_faults += thread->maj_flt;
		counts.guest_time += thread->gtime;
	}
	task_times_of_process(task, &counts.times);
	*ret_counts = counts;
}

/* new_encode_dev(tty_devnum()) */
static u32 tty_number(const struct tty_struct *tty)
{
	u32 major = (u32)tty->driver->major, minor = (u32)(tty->driver->minor_start + tty->index);

	/* MKDEV() joins them, new_encode_dev() takes them apart. */
	u32 device = major << MINOR_BITS | minor;
	major = device >> MINOR_BITS;
	minor = device & ((1u << MINOR_BITS) - 1);
	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

static const struct pid *tty_group(const struct tty_struct *tty)
{
	return field_exists(struct tty_struct, ctrl) ? tty->ctrl.pgrp : tty->pgrp;
}

static void show_tty(struct seq *seq, const struct tty_struct *tty, const struct pid_namespace *view)
{
	if (tty == NULL)
		seq_puts(seq, " 0 -1");
	else
		seq_printf(seq, " %d %d", (s32)tty_number(tty), (s32)pid_number_in(tty_group(tty), view));
}

/* What a released task doesn't tell any more has these values. */
static void show_family(struct seq *seq, const struct task_struct *task)
{
	const struct pid_namespace *view = task_view();

	if (!task_has_signals(task)) {
		seq_puts(seq, " 0 -1 -1 0 -1");
		return;
	}
	seq_printf(seq, " %d %d %d", (s32)task_parent_in(task, view), (s32)task_number_in(task, PIDTYPE_PGID, view),
		   (s32)task_number_in(task, PIDTYPE_SID, view));
	show_tty(seq, task->signal->tty, view);
}

static void show_times(struct seq *seq, const struct task_struct *task, const struct counts *counts)
{
	const struct signal_struct *shared = task->signal;

	seq_printf(seq, " %llu %lu %llu %lu", counts->minor_faults, shared->cmin_flt, counts->major_faults,
		   shared->cmaj_flt);
	seq_printf(seq, " %llu %llu %lld %lld", task_time_to_clock(counts->times.user),
		   task_time_to_clock(counts->times.system), (s64)task_time_to_clock(shared->cutime),
		   (s64)task_time_to_clock(shared->cstime));
}

/* KSTK_ESP and KSTK_EIP, told only of a task that will never run in user mode
 * again. */
static void show_registers(struct seq *seq, const struct task_struct *task, const struct mm_struct *mm)
{
	const struct pt_regs *registers = NULL;

	if (mm != NULL && (task->flags & (PF_EXITING | PF_DUMPCORE | PF_POSTCOREDUMP)) != 0)
		registers = task_registers(task);
	if (registers == NULL)
		seq_puts(seq, " 0 0");
	else
		seq_printf(seq, " %lu %lu", registers->sp, registers->ip);
}

static void show_memory(struct seq *seq, const struct task_struct *task, const struct mm_struct *mm)
{
	unsigned long limit = task_has_signals(task) ? task->signal->rlim[RLIMIT_RSS].rlim_cur : 0;

	if (mm == NULL)
		seq_printf(seq, " 0 0 %lu 0 0 0", limit);
	else
		seq_printf(seq, " %llu %llu %lu %lu %lu %lu", (u64)mm->total_vm * STAT_PAGE_SIZE, mm_resident(mm),
			   limit, mm->start_code, mm->end_code, mm->start_stack);
	show_registers(seq, task, mm);
}

static void show_signals(struct seq *seq, const struct task_struct *task)
{
	u64 ignored = 0, caught = 0;

	if (task_has_signals(task))
		task_signal_actions(task, &ignored, &caught);
	seq_printf(seq, " %llu %llu %llu %llu", (u64)task->pending.signal.sig[0] & STAT_SIGNAL_MASK,
		   (u64)task->blocked.sig[0] & STAT_SIGNAL_MASK, ignored & STAT_SIGNAL_MASK, caught & STAT_SIGNAL_MASK);
}

/* Does it sleep somewhere in the kernel? Asked of a thread, or of a process
 * with one thread. */
static bool is_waiting(const struct task_struct *task, bool is_thread, int thread_count)
{
	if (!is_thread && thread_count >= 2)
		return false;
	return task_stat_unwinds() ? task_wchan(task) != 0 : task_state(task) != 0;
}

/* From 5.17, with the commit before it in its series renaming group_exit_task: a
 * process that ends or has stopped shows what that means for all of it. */
static int exit_code(const struct task_struct *task, bool is_thread)
{
	const struct signal_struct *shared = task->signal;

	if (field_exists(struct signal_struct, group_exec_task) && !is_thread && task_has_signals(task) &&
	    (shared->flags & (SIGNAL_GROUP_EXIT | SIGNAL_STOP_STOPPED)) != 0)
		return shared->group_exit_code;
	return task->exit_code;
}

/* delayacct_blkio_ticks() */
static u64 block_delay(const struct task_struct *task)
{
	const struct task_delay_info *delays = task->delays;

	return delays != NULL ? task_time_to_clock(delays->blkio_delay) : 0;
}

static void show_end(struct seq *seq, const struct task_struct *task, const struct mm_struct *mm)
{
	if (mm == NULL)
		seq_puts(seq, " 0 0 0 0 0 0 0");
	else
		seq_printf(seq, " %lu %lu %lu %lu %lu %lu %lu", mm->start_data, mm->end_data, mm->start_brk,
			   mm->arg_start, mm->arg_end, mm->env_start, mm->env_end);
	seq_printf(seq, " %d\n", exit_code(task, subject_tid() != 0));
}

static void show_scheduling(struct seq *seq, const struct task_struct *task, const struct counts *counts)
{
	seq_printf(seq, " %d %d %u %u %llu %llu %lld", task->exit_signal, (s32)task_cpu(task), task->rt_priority,
		   task->policy, block_delay(task), task_time_to_clock(counts->guest_time),
		   (s64)task_time_to_clock(task->signal->cgtime));
}

static void show_numbers(struct seq *seq, const struct task_struct *task, bool is_thread)
{
	const struct mm_struct *mm = task_user_mm(task);
	int thread_count = task_has_signals(task) ? task->signal->nr_threads : 0;
	struct counts counts;

	if (is_thread)
		count_thread(task, &counts);
	else
		count_process(task, &counts);
	seq_printf(seq, " %u", task->flags);
	show_times(seq, task, &counts);
	seq_printf(seq, " %d %d %d 0 %llu", task->prio - MAX_RT_PRIO, task->static_prio - DEFAULT_PRIO, thread_count,
		   task_time_to_clock(task->start_boottime));
	show_memory(seq, task, mm);
	show_signals(seq, task);
	seq_printf(seq, " %d 0 0", is_waiting(task, is_thread, thread_count) ? 1 : 0);
	show_scheduling(seq, task, &counts);
	show_end(seq, task, mm);
}

void task_stat_show(struct seq *seq)
{
	const struct task_struct *task = task_subject();
	char name[TASK_NAME_SIZE];

	task_name(task, name);
	seq_printf(seq, "%u (%s) %c", task_number_in(task, PIDTYPE_PID, task_view()), name, task_state_text(task)[0]);
	show_family(seq, task);
	show_numbers(seq, task, subject_tid() != 0);
}
