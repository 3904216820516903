/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a task's CPU may speculate, as status tells it. Guest C. */
#ifndef GUEST_PROC_SPECULATION_H
#define GUEST_PROC_SPECULATION_H

#include "guest/proc/types/task.h"

/* "thread vulnerable" */
GUEST_C const char *speculation_store_bypass_text(const struct task_struct *task);
/* "conditional enabled" */
GUEST_C const char *speculation_indirect_branch_text(const struct task_struct *task);

#endif
