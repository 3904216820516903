// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 no floating-point
#include "kernel-types.h"

int f(int x)
{
	return (int)(x * 1.5);
}
