// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 no floating-point
#include "kernel-types.h"

int f(int x)
{
	long double y = x;

	return (int)y;
}
