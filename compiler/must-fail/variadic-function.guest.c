// SPDX-License-Identifier: GPL-2.0-or-later
// error: 5 variadic functions
#include "kernel-types.h"

int f(int count, ...)
{
	return count;
}
