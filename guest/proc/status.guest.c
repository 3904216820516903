/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/status: fs/proc/array.c, proc_pid_status(); fs/proc/task_mmu.c,
 * task_mem(); kernel/cgroup/cpuset.c; 5.10 to 7.2. As the machine's root reads it.
 */
#include "guest/proc/format.h"
#include "guest/proc/mention.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/speculation.h"
#include "guest/proc/task-facts.h"
#include "guest/proc/task-memory.h"
#include "guest/proc/types/cred.h"
#include "guest/proc/types/files.h"

enum {
	STATUS_PAGE_SHIFT = 12,
	STATUS_PAGE_KB = 4,
	MMF_DISABLE_THP = 24, /* 7.2: MMF_DISABLE_THP_COMPLETELY */
	RLIMIT_SIGPENDING = 11,
	PFA_NO_NEW_PRIVS = 0,
	/* NGROUPS_MAX (include/uapi/linux/limits.h) */
	GROUP_COUNT_MAX = 65536,
	NODE_WORD_COUNT_MAX = 16, /* NODES_SHIFT is at most 10 */
	LEVEL_COUNT_MAX = 32, /* MAX_PID_NS_LEVEL */
	/* arch/x86/include/uapi/asm/prctl.h */
	ARCH_SHSTK_SHSTK = 1,
	ARCH_SHSTK_WRSS = 2,
};

/* Functions of the kernel: which lines does it print? */
extern const char proc_pid_status;

static void show_ids(struct seq *seq, const struct cred *cred)
{
	const struct group_info *groups = cred->group_info;
	u32 count = (u32)groups->ngroups;

	if (count > GROUP_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a task is in more groups than Linux allows");
	seq_printf(seq, "Uid:\t%u\t%u\t%u\t%u\n", cred->uid.val, cred->euid.val, cred->suid.val, cred->fsuid.val);
	seq_printf(seq, "Gid:\t%u\t%u\t%u\t%u\n", cred->gid.val, cred->egid.val, cred->sgid.val, cred->fsgid.val);
}

static void show_groups(struct seq *seq, const struct group_info *groups)
{
	u32 count = (u32)groups->ngroups;

	seq_puts(seq, "Groups:\t");
	for (u32 i = 0; i < count; i++)
		seq_printf(seq, "%s%u", i > 0 ? " " : "", groups->gid[i].val);
	seq_puts(seq, " \n");
}

/* The numbers in the view's namespace and in those below it. */
static void show_namespaces(struct seq *seq, const struct task_struct *task, const char *title, u32 type)
{
	const struct pid *pid = task->thread_pid;
	u32 last = pid->level;

	if (last > LEVEL_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a PID namespace lies deeper than Linux makes them");
	seq_puts(seq, title);
	for (u32 level = task_view()->level; level <= last; level++)
		seq_printf(seq, "\t%u", task_number_in(task, type, pid->numbers[level].ns));
	seq_putc(seq, '\n');
}

static u32 tracer_number(const struct task_struct *task, const struct pid_namespace *view)
{
	return task->ptrace != 0 ? task_number_in(task->parent, PIDTYPE_PID, view) : 0;
}

static void show_umask(struct seq *seq, const struct task_struct *task)
{
	const struct fs_struct *fs = task->fs;

	if (fs != NULL && fs->umask >= 0)
		seq_printf(seq, "Umask:\t%#04o\n", (u32)fs->umask);
}

static void show_state(struct seq *seq, const struct task_struct *task)
{
	const struct pid_namespace *view = task_view();
	const struct numa_group *numa = field_exists(struct task_struct, numa_group) ? task->numa_group : NULL;

	seq_printf(seq, "State:\t%s\n", task_state_text(task));
	seq_printf(seq, "Tgid:\t%u\n", task_number_in(task, PIDTYPE_TGID, view));
	seq_printf(seq, "Ngid:\t%u\n", numa != NULL ? (u32)numa->gid : 0);
	seq_printf(seq, "Pid:\t%u\n", task_number_in(task, PIDTYPE_PID, view));
	seq_printf(seq, "PPid:\t%u\n", task_parent_in(task, view));
	seq_printf(seq, "TracerPid:\t%u\n", tracer_number(task, view));
}

static void show_task(struct seq *seq, const struct task_struct *task)
{
	const struct cred *cred = task->real_cred;
	const struct files_struct *files = task->files;

	show_umask(seq, task);
	show_state(seq, task);
	show_ids(seq, cred);
	seq_printf(seq, "FDSize:\t%u\n", files != NULL ? files->fdt->max_fds : 0);
	show_groups(seq, cred->group_info);
	show_namespaces(seq, task, "NStgid:", PIDTYPE_TGID);
	show_namespaces(seq, task, "NSpid:", PIDTYPE_PID);
	show_namespaces(seq, task, "NSpgid:", PIDTYPE_PGID);
	show_namespaces(seq, task, "NSsid:", PIDTYPE_SID);
	if (code_mentions(&proc_pid_status, "Kthread:\t%c\n"))
		seq_printf(seq, "Kthread:\t%c\n", (task->flags & PF_KTHREAD) != 0 ? '1' : '0');
}

static void show_pages(struct seq *seq, const char *title, u64 pages)
{
	seq_printf(seq, "%s:\t%8llu kB\n", title, pages * STATUS_PAGE_KB);
}

static void show_bytes(struct seq *seq, const char *title, u64 bytes)
{
	seq_printf(seq, "%s:\t%8llu kB\n", title, bytes >> 10);
}

static void show_resident(struct seq *seq, const struct mm_struct *mm)
{
	u64 anon = mm_counter_shown(mm, MM_ANONPAGES), file = mm_counter_shown(mm, MM_FILEPAGES);
	u64 shmem = mm_counter_shown(mm, MM_SHMEMPAGES), total = anon + file + shmem;

	show_pages(seq, "VmHWM", max((u64)mm->hiwater_rss, total));
	show_pages(seq, "VmRSS", total);
	show_pages(seq, "RssAnon", anon);
	show_pages(seq, "RssFile", file);
	show_pages(seq, "RssShmem", shmem);
}

/* task_mem() */
static void show_sizes(struct seq *seq, const struct mm_struct *mm)
{
	u64 executable = (u64)mm->exec_vm << STATUS_PAGE_SHIFT, text = min(mm_text_size(mm), executable);

	show_pages(seq, "VmPeak", max(mm->hiwater_vm, mm->total_vm));
	show_pages(seq, "VmSize", mm->total_vm);
	show_pages(seq, "VmLck", mm->locked_vm);
	show_pages(seq, "VmPin", (u64)mm->pinned_vm.counter);
	show_resident(seq, mm);
	show_pages(seq, "VmData", mm->data_vm);
	show_pages(seq, "VmStk", mm->stack_vm);
	show_bytes(seq, "VmExe", text);
	show_bytes(seq, "VmLib", executable - text);
	show_bytes(seq, "VmPTE", (u64)mm->pgtables_bytes.counter);
	show_pages(seq, "VmSwap", mm_counter_shown(mm, MM_SWAPENTS));
	if (field_exists(struct mm_struct, hugetlb_usage))
		show_pages(seq, "HugetlbPages", (u64)mm->hugetlb_usage.counter);
}

static bool is_dumping(const struct task_struct *task, const struct mm_struct *mm)
{
	if (field_exists(struct signal_struct, core_state))
		return task->signal->core_state != NULL;
	return mm->core_state != NULL;
}

static void show_memory(struct seq *seq, const struct task_struct *task, const struct mm_struct *mm)
{
	u64 mask = ~0ull;

	show_sizes(seq, mm);
	seq_printf(seq, "CoreDumping:\t%d\n", is_dumping(task, mm) ? 1 : 0);
	seq_printf(seq, "THP_enabled:\t%d\n", mm_has_huge_pages() && (mm_flags(mm) >> MMF_DISABLE_THP & 1) == 0);
	if (!code_mentions(&proc_pid_status, "untag_mask:\t%#lx\n"))
		return;
	if (field_exists(struct mm_struct, context.untag_mask))
		mask = mm->context.untag_mask;
	seq_printf(seq, "untag_mask:\t%#llx\n", mask);
}

/* Signals that wait for the user that the task belongs to. */
static u32 queued_signals(const struct task_struct *task)
{
	const struct cred *cred = task->real_cred;

	if (field_exists(struct user_struct, sigpending))
		return (u32)cred->user->sigpending.counter;
	s64 kind = enum_value(enum rlimit_type, UCOUNT_RLIMIT_SIGPENDING);
	if (kind < 0 || (u64)kind >= field_size(struct ucounts, rlimit) / sizeof(s64))
		guest_fail(STATUS_MALFORMED, "the number of a limit is beyond its table");
	return (u32)cred->ucounts->rlimit[kind].counter;
}

static void show_signals(struct seq *seq, const struct task_struct *task)
{
	u64 pending = 0, shared_pending = 0, blocked = 0, ignored = 0, caught = 0, limit = 0;
	u32 thread_count = 0, queued = 0;

	if (task_has_signals(task)) {
		const struct signal_struct *shared = task->signal;

		pending = task->pending.signal.sig[0];
		shared_pending = shared->shared_pending.signal.sig[0];
		blocked = task->blocked.sig[0];
		task_signal_actions(task, &ignored, &caught);
		thread_count = (u32)shared->nr_threads;
		queued = queued_signals(task);
		limit = shared->rlim[RLIMIT_SIGPENDING].rlim_cur;
	}
	seq_printf(seq, "Threads:\t%u\nSigQ:\t%u/%llu\n", thread_count, queued, limit);
	seq_printf(seq, "SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\n", pending, shared_pending, blocked);
	seq_printf(seq, "SigIgn:\t%016llx\nSigCgt:\t%016llx\n", ignored, caught);
}

static void show_capability(struct seq *seq, const char *title, const kernel_cap_t *set)
{
	u64 bits;

	guest_copy(&bits, set, sizeof bits);
	seq_printf(seq, "%s:\t%016llx\n", title, bits);
}

static void show_capabilities(struct seq *seq, const struct cred *cred)
{
	show_capability(seq, "CapInh", &cred->cap_inheritable);
	show_capability(seq, "CapPrm", &cred->cap_permitted);
	show_capability(seq, "CapEff", &cred->cap_effective);
	show_capability(seq, "CapBnd", &cred->cap_bset);
	show_capability(seq, "CapAmb", &cred->cap_ambient);
}

static void show_confinement(struct seq *seq, const struct task_struct *task)
{
	seq_printf(seq, "NoNewPrivs:\t%d\n", (int)(task->atomic_flags >> PFA_NO_NEW_PRIVS & 1));
	if (field_exists(struct task_struct, seccomp.mode))
		seq_printf(seq, "Seccomp:\t%d\n", task->seccomp.mode);
	if (field_exists(struct task_struct, seccomp.filter_count))
		seq_printf(seq, "Seccomp_filters:\t%d\n", task->seccomp.filter_count.counter);
	seq_printf(seq, "Speculation_Store_Bypass:\t%s\n", speculation_store_bypass_text(task));
	if (code_mentions(&proc_pid_status, "\nSpeculationIndirectBranch:\t"))
		seq_printf(seq, "SpeculationIndirectBranch:\t%s\n", speculation_indirect_branch_text(task));
}

static void show_mask(struct seq *seq, const char *title, const void *mask, u32 bit_count)
{
	uint64_t words[FORMAT_WORD_COUNT_MAX] = {0};

	if (bit_count > FORMAT_BIT_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a mask has more bits than a kernel has CPUs or nodes");
	guest_copy(words, mask, (bit_count + 63) / 64 * sizeof words[0]);
	seq_printf(seq, "%s:\t", title);
	seq_bitmap(seq, words, bit_count);
	seq_printf(seq, "\n%s_list:\t", title);
	seq_bitmap_list(seq, words, bit_count);
	seq_putc(seq, '\n');
}

static void show_masks(struct seq *seq, const struct task_struct *task)
{
	/* Before 5.14 what cpus_ptr points to; a task may have it point elsewhere
	 * for a moment (migrate_disable()). */
	bool by_pointer = !field_exists(struct task_struct, user_cpus_ptr);
	const void *cpus = by_pointer ? (const void *)task->cpus_ptr : &task->cpus_mask;

	show_mask(seq, "Cpus_allowed", cpus, symbol_exists(nr_cpu_ids) ? nr_cpu_ids : 1);
	/* MAX_NUMNODES: a nodemask is that many bits, in whole words. */
	show_mask(seq, "Mems_allowed", &task->mems_allowed, (u32)field_size(struct task_struct, mems_allowed) * 8);
}

static void show_features(struct seq *seq, const char *title, u64 features)
{
	seq_printf(seq, "%s:\t%s%s\n", title, (features & ARCH_SHSTK_SHSTK) != 0 ? "shstk " : "",
		   (features & ARCH_SHSTK_WRSS) != 0 ? "wrss " : "");
}

void task_status_show(struct seq *seq)
{
	const struct task_struct *task = task_subject();
	const struct mm_struct *mm = task_user_mm(task);
	char name[TASK_NAME_SIZE];

	task_name(task, name);
	seq_puts(seq, "Name:\t");
	seq_escape_name(seq, name);
	seq_putc(seq, '\n');
	show_task(seq, task);
	if (mm != NULL)
		show_memory(seq, task, mm);
	show_signals(seq, task);
	show_capabilities(seq, task->real_cred);
	show_confinement(seq, task);
	show_masks(seq, task);
	seq_printf(seq, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n", task->nvcsw, task->nivcsw);
	if (!field_exists(struct task_struct, thread.features_locked))
		return;
	show_features(seq, "x86_Thread_features", task->thread.features);
	show_features(seq, "x86_Thread_features_locked", task->thread.features_locked);
}
