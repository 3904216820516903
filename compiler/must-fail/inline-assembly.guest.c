// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 inline assembly
#include "kernel-types.h"

void f(void)
{
	__asm__ volatile("" ::: "memory");
}
