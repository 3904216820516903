// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 the initialiser of 'first' uses the kernel's variable 'init_task'
#include "guest/kernel/headers.h"

#include <linux/sched.h>

struct task_struct *first = &init_task;
