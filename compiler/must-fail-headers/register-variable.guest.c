// SPDX-License-Identifier: GPL-2.0-or-later
// error: sched.h:- reads a register
#include "guest/kernel/headers.h"

#include <linux/sched.h>

unsigned long f(void)
{
	return stack_pointer();
}
