// SPDX-License-Identifier: GPL-2.0-or-later
// error: 9 calls 'task_prio', a function of the kernel's
#include "guest/kernel/headers.h"

#include <linux/sched.h>

int f(void)
{
	return task_prio(3);
}
