/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files below /proc/PID that show one or two values of a task: fs/proc/base.c,
 * arch/x86/kernel/fpu/xstate.c, 5.10 to 7.2.
 */
#include "guest/proc/mention.h"
#include "guest/proc/rows.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task-facts.h"
#include "guest/proc/task-memory.h"
#include "guest/proc/ticks.h"
#include "guest/proc/types/cpu.h"
#include "guest/proc/vma.h"

enum {
	/* MMF_DUMP_FILTER_SHIFT, and nine bits */
	DUMP_FILTER_SHIFT = 2,
	DUMP_FILTER_MASK = 0x1ff,
	MMF_VM_MERGEABLE = 16,
	VM_MERGEABLE = 1u << 31, /* include/linux/mm.h */
	MMF_VM_MERGE_ANY = 30,
	KSM_PAGE_SIZE = 4096,
	FEATURE_AVX512F = 9 * 32 + 16, /* arch/x86/include/asm/cpufeatures.h */
	NS_PER_MS = 1000000,
};

#include "guest/kernel/guestc-types-begin.h"

struct ksm_rmap_item {
	int oldchecksum;
};

#include "guest/kernel/guestc-types-end.h"

/* Functions. */
extern const char proc_pid_ksm_stat;

void task_personality_show(struct seq *seq)
{
	seq_printf(seq, "%08x\n", task_subject()->personality);
}

void task_loginuid_show(struct seq *seq)
{
	seq_printf(seq, "%u", task_subject()->loginuid.val);
}

void task_sessionid_show(struct seq *seq)
{
	seq_printf(seq, "%u", task_subject()->sessionid);
}

void task_timerslack_ns_show(struct seq *seq)
{
	seq_printf(seq, "%llu\n", task_subject()->timer_slack_ns);
}

void task_patch_state_show(struct seq *seq)
{
	seq_printf(seq, "%d\n", task_subject()->patch_state);
}

/* What has no memory shows nothing here, as the kernel. */
void task_coredump_filter_show(struct seq *seq)
{
	const struct mm_struct *mm = task_user_mm(task_subject());

	if (mm != NULL)
		seq_printf(seq, "%08llx\n", mm_flags(mm) >> DUMP_FILTER_SHIFT & DUMP_FILTER_MASK);
}

void task_ksm_merging_pages_show(struct seq *seq)
{
	const struct mm_struct *mm = task_user_mm(task_subject());

	if (mm != NULL)
		seq_printf(seq, "%lu\n", mm->ksm_merging_pages);
}

/* ksm_process_profit() */
static s64 merging_profit(const struct mm_struct *mm)
{
	s64 pages = (s64)mm->ksm_merging_pages + mm->ksm_zero_pages.counter;

	return pages * KSM_PAGE_SIZE - (s64)(mm->ksm_rmap_items * type_size(struct ksm_rmap_item));
}

/* ksm_process_mergeable() */
static bool has_mergeable_area(const struct mm_struct *mm)
{
	const struct vm_area_struct *area;
	struct vma_walk walk;

	vma_walk_start(&walk, mm, 0);
	while ((area = vma_walk_next(&walk)) != NULL) {
		if ((area->vm_flags & VM_MERGEABLE) != 0)
			return true;
	}
	return false;
}

void task_ksm_stat_show(struct seq *seq)
{
	const struct mm_struct *mm = task_user_mm(task_subject());

	if (mm == NULL)
		return;
	seq_printf(seq, "ksm_rmap_items %lu\n", mm->ksm_rmap_items);
	if (!code_mentions(&proc_pid_ksm_stat, "ksm_merging_pages %lu\n"))
		return;
	seq_printf(seq, "ksm_zero_pages %lld\n", (s64)mm->ksm_zero_pages.counter);
	seq_printf(seq, "ksm_merging_pages %lu\n", mm->ksm_merging_pages);
	seq_printf(seq, "ksm_process_profit %lld\n", merging_profit(mm));
	if (!code_mentions(&proc_pid_ksm_stat, "ksm_merge_any: %s\n"))
		return;
	u64 flags = mm_flags(mm);
	seq_printf(seq, "ksm_merge_any: %s\n", (flags >> MMF_VM_MERGE_ANY & 1) != 0 ? "yes" : "no");
	/* ksm_process_mergeable() looks through its areas; none is mergeable
	 * before the whole was entered as such. */
	if ((flags >> MMF_VM_MERGEABLE & 1) == 0)
		seq_puts(seq, "ksm_mergeable: no\n");
	else
		seq_printf(seq, "ksm_mergeable: %s\n", has_mergeable_area(mm) ? "yes" : "no");
}

/* get_children_pid() */
void task_children_show(struct seq *seq)
{
	const struct task_struct *task = task_subject(), *child;
	struct row_loop loop = ROW_LOOP;

	list_for_each_entry (child, &task->children, sibling) {
		row_loop_check(&loop, child);
		seq_printf(seq, "%u ", task_number_in(child, PIDTYPE_PID, task_view()));
	}
}

static const struct fpu *fpu_of(const struct task_struct *task)
{
	if (field_exists(struct task_struct, thread.fpu))
		return &task->thread.fpu;
	/* x86_task_fpu(): right behind the task (arch/x86/kernel/fpu/core.c). */
	return (const void *)((const char *)task + type_size(struct task_struct));
}

/* avx512_status() */
void task_arch_status_show(struct seq *seq)
{
	const struct task_struct *task = task_subject();
	bool skips_kernel = !field_exists(struct task_struct, thread.fpu);
	struct ticks ticks;
	s64 elapsed = -1;

	if ((boot_cpu_data.x86_capability[FEATURE_AVX512F / 32] >> FEATURE_AVX512F % 32 & 1) == 0)
		return;
	if (skips_kernel && (task->flags & (PF_KTHREAD | PF_USER_WORKER)) != 0)
		return;
	u64 stamp = fpu_of(task)->avx512_timestamp;
	if (stamp != 0) {
		ticks_read(&ticks);
		elapsed = (s64)((ticks.now - stamp) * ticks.tick_ns / NS_PER_MS);
	}
	seq_printf(seq, "AVX512_elapsed_ms:\t%lld\n", elapsed);
}
