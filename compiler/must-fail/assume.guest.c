// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 __builtin_assume
#include "kernel-types.h"

int f(int x)
{
	__builtin_assume(x < 3);
	return x;
}
