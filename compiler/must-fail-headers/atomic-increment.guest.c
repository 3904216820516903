// SPDX-License-Identifier: GPL-2.0-or-later
// error: sched.h:- inline assembly
#include "guest/kernel/headers.h"

#include <linux/sched.h>

void f(void)
{
	get_task_struct(&init_task);
}
