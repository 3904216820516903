// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 'count' is an own variable
#include "kernel-types.h"

int f(void)
{
	atomic_t count = {1};

	return count.counter;
}
