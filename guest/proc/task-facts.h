/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What several files below /proc/PID ask of a task, beyond task.h. Guest C.
 */
#ifndef GUEST_PROC_TASK_FACTS_H
#define GUEST_PROC_TASK_FACTS_H

#include "guest/proc/task.h"
#include "guest/proc/types/mm.h"
#include "guest/proc/types/pid.h"
#include "guest/proc/types/signal.h"

enum {
	TASK_NAME_SIZE = 64, /* proc_task_name()'s buffer */

	/* include/linux/sched.h, the same from 5.10 to 7.2 */
	PF_EXITING = 0x4,
	PF_POSTCOREDUMP = 0x8,
	PF_WQ_WORKER = 0x20,
	PF_DUMPCORE = 0x200,
	PF_USER_WORKER = 0x4000,
	PF_KTHREAD = 0x200000,

	/* Threads of one process: no more than there are tasks. */
	TASK_THREAD_COUNT_MAX = GUEST_WALK_STEPS_MAX,
};

#define for_each_thread(thread, signal_) list_for_each_entry (thread, &(signal_)->thread_head, thread_node)

/* task->__state; before 5.14 task->state. */
GUEST_C u32 task_state(const struct task_struct *task);

/* "S (sleeping)": get_task_state() (fs/proc/array.c). */
GUEST_C const char *task_state_text(const struct task_struct *task);

/* get_task_mm(): NULL for kernel threads, and for those that have let go of theirs. */
GUEST_C const struct mm_struct *task_user_mm(const struct task_struct *task);

/* lock_task_sighand() would succeed: not yet released. */
GUEST_C bool task_has_signals(const struct task_struct *task);

/* pid_nr_ns() (kernel/pid.c): 0 where the namespace doesn't see it. */
GUEST_C u32 pid_number_in(const struct pid *pid, const struct pid_namespace *namespace);

/* __task_pid_nr_ns(): `type` is an enum pid_type. */
GUEST_C u32 task_number_in(const struct task_struct *task, u32 type, const struct pid_namespace *namespace);

/* task_ppid_nr_ns() */
GUEST_C u32 task_parent_in(const struct task_struct *task, const struct pid_namespace *namespace);

/* The kernel's address of the lock under which a task gets another name (__set_task_comm(), fs/exec.c; from 6.14 or so
 * without it): while it is held, that may be half the old one, half the new one. 0: it isn't of four bytes (debugging).
 */
GUEST_C u64 task_name_lock(const struct task_struct *task);

/* As proc_task_name() shows it: of a worker of a workqueue with what it works on. */
GUEST_C void task_name(const struct task_struct *task, char ret_name[TASK_NAME_SIZE]);

/* collect_sigign_sigcatch(): a bit for each signal that is ignored or has a
 * handler, the lowest for signal 1. The task has its signals still. */
GUEST_C void task_signal_actions(const struct task_struct *task, u64 *ret_ignored, u64 *ret_caught);

/* task_cpu() */
GUEST_C u32 task_cpu(const struct task_struct *task);

#endif
