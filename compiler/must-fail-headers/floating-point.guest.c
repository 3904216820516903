// SPDX-License-Identifier: GPL-2.0-or-later
// error: 9 floating-point
#include "guest/kernel/headers.h"

#include <linux/sched.h>

int f(struct task_struct *task)
{
	return (int)(task->pid * 1.5);
}
