// SPDX-License-Identifier: GPL-2.0-or-later
// error: sched.h:- stores to a field of the kernel's struct list_head
#include "guest/kernel/headers.h"

#include <linux/sched.h>

void f(struct task_struct *task)
{
	list_del(&task->tasks);
}
