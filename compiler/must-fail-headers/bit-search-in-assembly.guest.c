// SPDX-License-Identifier: GPL-2.0-or-later
// error: bitops.h:- inline assembly
#include "guest/kernel/headers.h"

#include <linux/sched.h>

unsigned long f(void)
{
	return ffz(init_task.__state);
}
