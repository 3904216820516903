// SPDX-License-Identifier: GPL-2.0-or-later
// error: 1 guest C has to include guest/kernel/headers.h
#include <linux/sched.h>

int f(void)
{
	return init_task.pid;
}
