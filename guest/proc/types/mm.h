/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of processes (include/linux/mm_types.h, mm.h). */
#ifndef GUEST_PROC_TYPES_MM_H
#define GUEST_PROC_TYPES_MM_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/list.h"
#include "guest/proc/types/maple.h"

enum {
	/* AT_VECTOR_SIZE is about 50; the target's own size is asked for. */
	AUXV_COUNT_MAX = 512,
};

#include "guest/kernel/guestc-types-begin.h"

struct anon_vma_name {
	char name[1];
};

struct anon_vma;
struct vm_area_struct;
struct mempolicy;

struct vm_operations_struct {
	const void *name, *access, *huge_fault, *pagesize;
};

struct vm_special_mapping {
	const char *name;
};

struct vm_area_struct {
	unsigned long vm_start, vm_end, vm_flags, vm_pgoff;
	struct vm_area_struct *vm_next, *vm_prev; /* before 6.1; then mm_struct.mm_mt */
	struct rb_node vm_rb; /* before 6.1 */
	struct mm_struct *vm_mm;
	struct file *vm_file;
	struct anon_vma *anon_vma;
	const struct vm_operations_struct *vm_ops;
	void *vm_private_data;
	struct anon_vma_name *anon_name; /* from 5.17, where configured */
	struct {
		unsigned long rb_subtree_last;
	} shared;
};

/* arch/x86/include/asm/mmu.h */
typedef struct {
	unsigned long untag_mask; /* where CONFIG_ADDRESS_MASKING is set */
	unsigned long flags : 64;
	u16 ia32_compat; /* before 5.17 or so */
} mm_context_t;

/* From 6.18. */
typedef struct {
	unsigned long __mm_flags[1];
} mm_flags_t;

struct core_state;
struct file;
struct user_namespace;

struct mm_rss_stat {
	atomic_long_t count[4];
};

struct mm_struct {
	struct vm_area_struct *mmap; /* before 6.1 */
	struct rb_root mm_rb; /* before 6.1: the same areas */
	unsigned long highest_vm_end; /* before 6.1: of the last of them */
	struct maple_tree mm_mt; /* from 6.1 */
	unsigned long *pgd;
	unsigned long saved_auxv[AUXV_COUNT_MAX];
	mm_context_t context;
	atomic_t mm_users;
	int map_count;
	atomic_long_t pgtables_bytes;
	unsigned long hiwater_rss, hiwater_vm, total_vm, locked_vm, data_vm, exec_vm, stack_vm; /* pages */
	atomic64_t pinned_vm;
	unsigned long start_code, end_code, start_data, end_data, start_brk, brk, start_stack, arg_start, arg_end,
		env_start, env_end;
	struct mm_rss_stat rss_stat; /* before 6.2 */
	unsigned long flags; /* a bitmap from 6.18: take its address */
	struct core_state *core_state; /* before 5.16; then in signal_struct */
	struct user_namespace *user_ns;
	struct file *exe_file;
	int numa_scan_seq;
	atomic_long_t hugetlb_usage;
	unsigned long ksm_merging_pages, ksm_rmap_items;
	atomic_long_t ksm_zero_pages;
};

struct mm_struct___percpu {
	struct percpu_counter rss_stat[4]; /* from 6.2 */
};

#include "guest/kernel/guestc-types-end.h"

#endif
