/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters of memory: include/linux/mm.h, lib/percpu_counter.c, fs/proc/task_mmu.c,
 * 5.10 to 7.2. Before 6.2 a process had one counter of each kind, and threads
 * kept up to 64 pages of difference for themselves, which /proc doesn't see; from
 * then on the CPUs keep them.
 */
#include "guest/proc/task-memory.h"

#include "guest/proc/mention.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task-facts.h"

enum {
	MEMORY_PAGE_SIZE = 4096,
	MEMORY_PAGE_SHIFT = 12,
};

extern struct cpumask __cpu_online_mask;
extern struct cpumask __cpu_dying_mask; /* from 5.13 */
extern unsigned long transparent_hugepage_flags;
/* Functions. */
extern const char task_statm, __percpu_counter_sum;

static bool is_one_counter(void)
{
	return field_exists(struct mm_struct, rss_stat.count);
}

static const struct percpu_counter *counter_of(const struct mm_struct *mm, enum mm_counter_kind counter)
{
	const struct mm_struct___percpu *newer = (const void *)mm;

	return &newer->rss_stat[counter];
}

u64 mm_counter(const struct mm_struct *mm, enum mm_counter_kind counter)
{
	s64 pages = is_one_counter() ? mm->rss_stat.count[counter].counter : counter_of(mm, counter)->count;

	return pages > 0 ? (u64)pages : 0;
}

static bool is_in(const struct cpumask *mask, u32 cpu)
{
	const unsigned long *bits = (const unsigned long *)mask;

	return (bits[cpu / 64] >> (cpu % 64) & 1) != 0;
}

/* __percpu_counter_sum(): CPUs that are off have handed in what they held. */
static bool is_counting(u32 cpu)
{
	if (is_in(&__cpu_online_mask, cpu))
		return true;
	return symbol_exists(__cpu_dying_mask) && is_in(&__cpu_dying_mask, cpu);
}

u64 mm_counter_sum(const struct mm_struct *mm, enum mm_counter_kind counter)
{
	const struct percpu_counter *percpu;
	s64 pages;
	u32 cpu;

	if (is_one_counter())
		return mm_counter(mm, counter);
	percpu = counter_of(mm, counter);
	pages = percpu->count;
	for_each_possible_cpu (cpu) {
		if (is_counting(cpu))
			pages += *per_cpu_ptr(percpu->counters, cpu);
	}
	return pages > 0 ? (u64)pages : 0;
}

u64 mm_resident(const struct mm_struct *mm)
{
	return mm_counter(mm, MM_FILEPAGES) + mm_counter(mm, MM_ANONPAGES) + mm_counter(mm, MM_SHMEMPAGES);
}

u64 mm_text_size(const struct mm_struct *mm)
{
	u64 end = (mm->end_code + MEMORY_PAGE_SIZE - 1) & ~(u64)(MEMORY_PAGE_SIZE - 1);

	return end - (mm->start_code & ~(u64)(MEMORY_PAGE_SIZE - 1));
}

u64 mm_flags(const struct mm_struct *mm)
{
	u64 flags;

	guest_copy(&flags, &mm->flags, sizeof flags);
	return flags;
}

/* Do status and statm show the exact sums? From 6.16, and stable kernels of
 * that time. */
static bool is_shown_exactly(void)
{
	return !is_one_counter() && code_refers_to(&task_statm, &__percpu_counter_sum);
}

u64 mm_counter_shown(const struct mm_struct *mm, enum mm_counter_kind counter)
{
	return is_shown_exactly() ? mm_counter_sum(mm, counter) : mm_counter(mm, counter);
}

bool mm_has_huge_pages(void)
{
	return symbol_exists(transparent_hugepage_flags);
}

/* proc_pid_statm(), task_statm() */
void task_statm_show(struct seq *seq)
{
	const struct mm_struct *mm = task_user_mm(task_subject());

	if (mm == NULL) {
		seq_puts(seq, "0 0 0 0 0 0 0\n");
		return;
	}
	u64 shared = mm_counter_shown(mm, MM_FILEPAGES) + mm_counter_shown(mm, MM_SHMEMPAGES);
	u64 resident = shared + mm_counter_shown(mm, MM_ANONPAGES);

	seq_printf(seq, "%lu %llu %llu %llu 0 %lu 0\n", mm->total_vm, resident, shared,
		   mm_text_size(mm) >> MEMORY_PAGE_SHIFT, mm->data_vm + mm->stack_vm);
}
