// SPDX-License-Identifier: GPL-2.0-or-later
// error: 9 inline assembly
#include "guest/kernel/headers.h"

#include <linux/sched.h>

void f(void)
{
	__asm__ volatile("mfence" ::: "memory");
}
