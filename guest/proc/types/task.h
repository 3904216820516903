/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tasks (include/linux/sched.h). What belongs to them: types/signal.h, cred.h,
 * pid.h, files.h, mm.h, cgroup.h. */
#ifndef GUEST_PROC_TYPES_TASK_H
#define GUEST_PROC_TYPES_TASK_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/list.h"
#include "guest/proc/types/signal.h"

#include "guest/kernel/guestc-types-begin.h"

struct audit_context;
struct cred;
struct css_set;
struct files_struct;
struct fs_struct;
struct mm_struct;
struct net;
struct nsproxy;
struct numa_group;
struct pid;
struct pid_namespace;
struct sched_class;
struct task_delay_info;
struct task_exec_state;
struct task_group;
struct user_namespace;

struct thread_info {
	unsigned long flags; /* TIF_… */
	u32 cpu; /* from 5.16 or so */
};

/* arch/x86/include/asm/processor.h, asm/fpu/types.h */
struct fpu {
	unsigned long avx512_timestamp;
};

struct thread_struct {
	unsigned long sp;
	unsigned long features, features_locked; /* where user shadow stacks are configured */
	struct fpu fpu; /* before 6.16; then behind the task */
};

struct load_weight {
	unsigned long weight;
	u32 inv_weight; /* 2³² divided by it; 0: not computed yet */
};

struct util_est {
	unsigned int enqueued, ewma;
};

struct sched_avg {
	u64 last_update_time, load_sum, runnable_sum;
	u32 util_sum;
	unsigned long load_avg, runnable_avg, util_avg;
	struct util_est util_est; /* before 6.8; then one number: */
};

struct sched_avg___number {
	unsigned int util_est;
};

struct sched_statistics {
	u64 wait_start, wait_max, wait_count, wait_sum, iowait_count, iowait_sum, sleep_start, sleep_max,
		sum_sleep_runtime, block_start, block_max, sum_block_runtime, exec_max, slice_max, nr_migrations_cold,
		nr_failed_migrations_affine, nr_failed_migrations_running, nr_failed_migrations_hot,
		nr_forced_migrations, nr_wakeups, nr_wakeups_sync, nr_wakeups_migrate, nr_wakeups_local,
		nr_wakeups_remote, nr_wakeups_affine, nr_wakeups_affine_attempts, nr_wakeups_passive, nr_wakeups_idle,
		core_forceidle_sum;
};

struct cfs_rq;

struct sched_entity {
	struct load_weight load;
	unsigned int on_rq : 32; /* a byte from 6.12 */
	struct sched_entity *parent; /* these two where FAIR_GROUP_SCHED is configured */
	struct cfs_rq *cfs_rq;
	u64 exec_start, sum_exec_runtime, vruntime, nr_migrations, slice;
	struct sched_statistics statistics; /* before 5.16; then in the task */
	struct sched_avg avg;
};

struct sched_dl_entity {
	u64 dl_runtime, dl_deadline, runtime;
	u64 deadline;
};

struct sched_info {
	unsigned long pcount;
	unsigned long long run_delay;
};

struct uclamp_se {
	unsigned int value : 32;
	unsigned int active : 32;
};

struct seccomp {
	int mode;
	atomic_t filter_count; /* from 5.9 */
};

struct task_struct {
	struct thread_info thread_info;
	long state; /* before 5.14 */
	unsigned int __state; /* from 5.14 */
	void *stack;
	unsigned int flags, ptrace;
	u32 on_rq : 32, on_cpu : 32;
	u32 cpu; /* before thread_info had it */
	int prio, static_prio, normal_prio;
	unsigned int rt_priority, policy;
	unsigned int sched_reset_on_fork : 1;
	const struct sched_class *sched_class;
	struct sched_entity se;
	struct sched_dl_entity dl;
	struct sched_statistics stats; /* from 5.16 */
	struct sched_info sched_info;
	struct task_group *sched_task_group;
	struct uclamp_se uclamp_req[2], uclamp[2]; /* where CONFIG_UCLAMP_TASK is set */
	struct cpumask *cpus_ptr, *user_cpus_ptr; /* the second from 5.14 */
	struct cpumask cpus_mask;
	struct list_head tasks;
	struct mm_struct *mm;
	int exit_state, exit_code, exit_signal;
	unsigned int personality;
	unsigned long atomic_flags;
	int pid, tgid;
	struct task_struct *real_parent, *parent, *group_leader;
	struct list_head children, sibling, thread_node;
	struct pid *thread_pid;
	struct hlist_node pid_links[4]; /* in struct pid's lists */
	struct task_exec_state *exec_state; /* from 7.1 */
	void *vfork_done;
	void *set_child_tid, *worker_private;
	u64 utime, stime, gtime;
	struct prev_cputime prev_cputime;
	unsigned long nvcsw, nivcsw;
	u64 start_time, start_boottime;
	unsigned long min_flt, maj_flt;
	const struct cred *real_cred, *cred;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct sighand_struct *sighand;
	sigset_t blocked;
	struct sigpending pending;
	struct audit_context *audit;
	kuid_t loginuid;
	unsigned int sessionid;
	struct seccomp seccomp;
	unsigned int alloc_lock; /* a spinlock_t: take its address */
	struct task_io_accounting ioac;
	u64 mems_allowed[1]; /* a nodemask_t: ask field_size() */
	struct css_set *cgroups;
	u32 closid, rmid;
	int numa_preferred_nid;
	struct numa_group *numa_group;
	unsigned long *numa_faults, total_numa_faults, numa_pages_migrated;
	struct task_delay_info *delays;
	u64 timer_slack_ns;
	refcount_t stack_refcount;
	int patch_state;
	void *security;
	struct thread_struct thread;
};

struct numa_group {
	int gid;
	unsigned long faults[1];
};

struct task_delay_info {
	u64 blkio_delay;
};

/* include/linux/sched/exec_state.h */
struct task_exec_state {
	unsigned int dumpable;
	struct user_namespace *user_ns;
};

#include "guest/kernel/guestc-types-end.h"

extern struct task_struct init_task;

#endif
