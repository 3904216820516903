/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasks of the target: found by number as its kernel finds them, and what all
 * files below /proc/PID ask of one. Guest C.
 *
 * Two ways lead to a task, and they must not be mixed up: /proc's listing comes
 * from the list of tasks (task_for_each), a number is looked up in the PID
 * namespace's IDR (task_find). Tools that compare the two find what hides from one.
 */
#ifndef GUEST_PROC_TASK_H
#define GUEST_PROC_TASK_H

#include "guest/kernel/guestc.h"
#include "guest/proc/subject.h"
#include "guest/proc/types/task.h"

/* The PID namespace that numbers are shown in: of the view, else the initial one. */
GUEST_C const struct pid_namespace *task_view(void);

/* The namespaces of the first process of task_view(): of who reads /proc. */
GUEST_C const struct nsproxy *task_view_namespaces(void);

/* The number's struct pid in the view: find_pid_ns(). NULL: none. */
GUEST_C const struct pid *task_pid_find(u32 number);

/* pid_nr_ns() in the view; 0: it doesn't see it, or `pid` is NULL. */
GUEST_C u32 pid_shown(const struct pid *pid);

/* The task with this number in the view: find_task_by_pid_ns() (kernel/pid.c).
 * NULL: none. A thread's number finds the thread. */
GUEST_C const struct task_struct *task_find(u32 number);

/* The same in the initial PID namespace, whatever the view: for the view itself. */
GUEST_C const struct task_struct *task_find_initial(u32 number);

/* The task that the running file is about (the subject's thread, or else its
 * process). Ends the boundary with STATUS_MISSING if there is none (the file
 * must look absent), or if the thread isn't the process's. */
GUEST_C const struct task_struct *task_subject(void);

/* pid_nr_ns() of the task, its thread group, its process group, its session, its
 * tracer or real parent; 0 where the view doesn't see it. */
GUEST_C u32 task_pid_shown(const struct task_struct *task);
GUEST_C u32 task_tgid_shown(const struct task_struct *task);

/* Read ahead, once in an epoch, what programs ask about processes: about the subject or, where the epoch
 * has listed them, about all. The second is of the listing itself. */
GUEST_C void task_ahead(void);
GUEST_C void task_list_ahead(void);

/* Ends the boundary where the list of tasks is empty: a kernel that runs has one process at least. */
GUEST_C void task_list_check(void);

/* Is it the leader of its thread group? */
GUEST_C bool task_is_leader(const struct task_struct *task);

/* The network namespace that the running file is about: the subject's process's,
 * else the view's, else init_net. Ends the boundary with STATUS_MISSING where the
 * process has none any more (it is ending). */
GUEST_C const struct net *net_subject(void);

#endif
