/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oom_score, oom_adj, oom_score_adj: fs/proc/base.c, mm/oom_kill.c,
 * oom_badness(), 5.10 to 7.2.
 */
#include "guest/proc/mention.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task-facts.h"
#include "guest/proc/task-memory.h"

enum {
	MMF_OOM_SKIP = 21,
	OOM_SCORE_ADJ_MIN = -1000,
	OOM_SCORE_ADJ_MAX = 1000,
	OOM_ADJUST_MAX = 15,
	OOM_DISABLE = -17,
	OOM_PAGE_SIZE = 4096,
};

extern atomic_long_t _totalram_pages;
extern long total_swap_pages;
/* Functions. */
extern const char oom_badness, __percpu_counter_sum;

/* find_lock_task_mm(): the first thread that still has memory. */
static const struct task_struct *thread_with_memory(const struct task_struct *task)
{
	struct task_struct *thread;

	for_each_thread(thread, task->signal)
	{
		if (thread->mm != NULL)
			return thread;
	}
	return NULL;
}

static bool is_unkillable(const struct task_struct *task)
{
	/* is_global_init() */
	return task_number_in(task, PIDTYPE_TGID, &init_pid_ns) == 1 || (task->flags & PF_KTHREAD) != 0;
}

/* in_vfork(): its parent waits and has the same memory. */
static bool is_borrowing(const struct task_struct *task)
{
	return task->vfork_done != NULL && task->real_parent->mm == task->mm;
}

/* Does it count what the CPUs hold as well? Newer kernels do. */
static bool is_exact(void)
{
	return symbol_exists(__percpu_counter_sum) && code_refers_to(&oom_badness, &__percpu_counter_sum);
}

static u64 used_pages(const struct mm_struct *mm)
{
	u64 tables = (u64)mm->pgtables_bytes.counter / OOM_PAGE_SIZE;

	if (is_exact())
		return mm_counter_sum(mm, MM_FILEPAGES) + mm_counter_sum(mm, MM_ANONPAGES) +
		       mm_counter_sum(mm, MM_SHMEMPAGES) + mm_counter_sum(mm, MM_SWAPENTS) + tables;
	return mm_resident(mm) + mm_counter(mm, MM_SWAPENTS) + tables;
}

/* oom_badness(); false: the task would never be chosen (LONG_MIN). */
static bool badness(const struct task_struct *task, s64 total_pages, s64 *ret_points)
{
	s64 adjustment;

	if (is_unkillable(task))
		return false;
	task = thread_with_memory(task);
	if (task == NULL)
		return false;
	adjustment = task->signal->oom_score_adj;
	if (adjustment == OOM_SCORE_ADJ_MIN || (mm_flags(task->mm) >> MMF_OOM_SKIP & 1) != 0 || is_borrowing(task))
		return false;
	*ret_points = (s64)used_pages(task->mm) + adjustment * (total_pages / 1000);
	return true;
}

void task_oom_score_show(struct seq *seq)
{
	s64 total = _totalram_pages.counter + total_swap_pages, points = 0, shown = 0;

	if (total <= 0)
		guest_fail(STATUS_MALFORMED, "the kernel says that it has no memory at all");
	if (badness(task_subject(), total, &points))
		shown = (s64)((u64)(1000 + points * 1000 / total) * 2 / 3);
	seq_printf(seq, "%llu\n", (u64)shown);
}

void task_oom_score_adj_show(struct seq *seq)
{
	seq_printf(seq, "%d\n", (int)task_subject()->signal->oom_score_adj);
}

void task_oom_adj_show(struct seq *seq)
{
	int adjustment = task_subject()->signal->oom_score_adj;

	if (adjustment == OOM_SCORE_ADJ_MAX)
		adjustment = OOM_ADJUST_MAX;
	else
		adjustment = adjustment * -OOM_DISABLE / OOM_SCORE_ADJ_MAX;
	seq_printf(seq, "%d\n", min(adjustment, (int)OOM_ADJUST_MAX));
}
