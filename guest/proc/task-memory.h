/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much memory a process has: counters of its mm_struct. Guest C. */
#ifndef GUEST_PROC_TASK_MEMORY_H
#define GUEST_PROC_TASK_MEMORY_H

#include "guest/kernel/guestc.h"
#include "guest/proc/types/mm.h"

enum mm_counter_kind {
	MM_FILEPAGES,
	MM_ANONPAGES,
	MM_SWAPENTS,
	MM_SHMEMPAGES,
};

/* In pages. get_mm_counter(): what the kernel reads at once, a little behind
 * where it counts per CPU (from 6.2); get_mm_counter_sum(): with what the CPUs hold. */
GUEST_C u64 mm_counter(const struct mm_struct *mm, enum mm_counter_kind counter);
GUEST_C u64 mm_counter_sum(const struct mm_struct *mm, enum mm_counter_kind counter);

/* The one of the two that status and statm of this kernel show. */
GUEST_C u64 mm_counter_shown(const struct mm_struct *mm, enum mm_counter_kind counter);

/* get_mm_rss(): mm_counter() of everything resident. */
GUEST_C u64 mm_resident(const struct mm_struct *mm);

/* Bytes from start_code to end_code in whole pages. */
GUEST_C u64 mm_text_size(const struct mm_struct *mm);

/* mm->flags: MMF_…; the same bits from 5.10 to 7.2. */
GUEST_C u64 mm_flags(const struct mm_struct *mm);

/* Has the kernel huge pages of its own making (CONFIG_TRANSPARENT_HUGEPAGE)? */
GUEST_C bool mm_has_huge_pages(void);

#endif
