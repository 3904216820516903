// SPDX-License-Identifier: GPL-2.0-or-later
// error: 9 takes the address of 'task_prio'
#include "guest/kernel/headers.h"

#include <linux/sched.h>

bool f(struct task_struct *task)
{
	return task->operations->open == task_prio;
}
