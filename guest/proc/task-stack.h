/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel stacks of tasks that sleep. Guest C. */
#ifndef GUEST_PROC_TASK_STACK_H
#define GUEST_PROC_TASK_STACK_H

#include "guest/proc/types/stack.h"
#include "guest/proc/types/task.h"

/* task_pt_regs(): what the task had in its registers when it entered the
 * kernel. NULL where it has no stack any more. */
GUEST_C const struct pt_regs *task_registers(const struct task_struct *task);

/* get_wchan(): the address in the kernel where the task sleeps, its scheduler
 * left out; 0: it runs, or it can't be told. */
GUEST_C u64 task_wchan(const struct task_struct *task);

/* Is the `wchan` field of stat what get_wchan() says (before 5.16), rather than
 * whether the task sleeps? */
GUEST_C bool task_stat_unwinds(void);

#endif
