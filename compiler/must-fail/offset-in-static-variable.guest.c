// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 a field at a constant address
#include "kernel-types.h"

long f(void)
{
	static long offset = (long)&((struct sock *)0)->list;

	return offset;
}
