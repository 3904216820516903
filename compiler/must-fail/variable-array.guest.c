// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 constant size
#include "kernel-types.h"

int f(int count)
{
	int numbers[count];

	numbers[0] = count;
	return numbers[0];
}
