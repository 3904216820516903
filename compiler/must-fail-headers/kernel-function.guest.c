// SPDX-License-Identifier: GPL-2.0-or-later
// error: 9 calls 'pid_of', a function of the kernel's
#include "guest/kernel/headers.h"

#include <linux/sched.h>

int f(void)
{
	return pid_of(&init_task);
}
