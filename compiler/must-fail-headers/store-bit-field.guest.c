// SPDX-License-Identifier: GPL-2.0-or-later
// error: 9 stores to a field of the kernel's struct task_struct
#include "guest/kernel/headers.h"

#include <linux/sched.h>

void f(struct task_struct *task)
{
	task->flags = 1;
}
