// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 steps from a constant address
#include "kernel-types.h"

long f(void)
{
	return (long)&((struct sock *)0)[1];
}
