// SPDX-License-Identifier: GPL-2.0-or-later
// error: 5 assembly at file level
#include "kernel-types.h"

__asm__(".globl x");
int f(void)
{
	return 0;
}
