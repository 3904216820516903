// SPDX-License-Identifier: GPL-2.0-or-later
// error: 8 __builtin_unreachable
#include "kernel-types.h"

int f(int x)
{
	if (x > 2)
		__builtin_unreachable();
	return x;
}
