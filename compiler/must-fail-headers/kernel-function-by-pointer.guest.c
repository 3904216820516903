// SPDX-License-Identifier: GPL-2.0-or-later
// error: 9 calls a function of the kernel
#include "guest/kernel/headers.h"

#include <linux/sched.h>

int f(struct task_struct *task)
{
	return task->operations->open(1);
}
