// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 an array of arrays in the kernel
#include "kernel-types.h"

int f(int i)
{
	return kernel_grid[i][1];
}
