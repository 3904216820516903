// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 a field at a constant address
#include "kernel-types.h"

int f(void)
{
	if ((long)&((struct sock *)0)->list == 24)
		return 1;
	return 0;
}
