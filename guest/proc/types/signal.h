/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the threads of a process share (include/linux/sched/signal.h,
 * signal_types.h, resource.h). */
#ifndef GUEST_PROC_TYPES_SIGNAL_H
#define GUEST_PROC_TYPES_SIGNAL_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

struct autogroup;
struct core_state;
struct pid;
struct task_struct;
struct tty_struct;

typedef struct {
	unsigned long sig[1];
} sigset_t;

struct sigpending {
	sigset_t signal;
};

struct sigaction {
	void *sa_handler;
};

struct k_sigaction {
	struct sigaction sa;
};

struct sighand_struct {
	struct k_sigaction action[64];
};

struct rlimit {
	unsigned long rlim_cur, rlim_max;
};

struct prev_cputime {
	u64 utime, stime;
};

struct task_io_accounting {
	u64 rchar, wchar, syscr, syscw, read_bytes, write_bytes, cancelled_write_bytes;
};

struct signal_struct {
	int nr_threads;
	struct list_head thread_head;
	struct sigpending shared_pending;
	int group_exit_code;
	struct task_struct *group_exec_task; /* from 5.17; before group_exit_task */
	unsigned int flags;
	struct core_state *core_state; /* from 5.16; before in mm_struct */
	struct list_head posix_timers; /* an hlist_head from 6.12 */
	struct pid *pids[4]; /* PIDTYPE_…; [PID] isn't used */
	struct tty_struct *tty; /* NULL: none */
	struct autogroup *autogroup; /* where CONFIG_SCHED_AUTOGROUP is set */
	u64 utime, stime, cutime, cstime, gtime, cgtime;
	struct prev_cputime prev_cputime;
	unsigned long nvcsw, nivcsw, min_flt, maj_flt, cmin_flt, cmaj_flt;
	struct task_io_accounting ioac;
	unsigned long long sum_sched_runtime;
	struct rlimit rlim[16];
	short oom_score_adj;
};

#include "guest/kernel/guestc-types-end.h"

#endif
