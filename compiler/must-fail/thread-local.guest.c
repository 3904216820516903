// SPDX-License-Identifier: GPL-2.0-or-later
// error: 5 thread-local
#include "kernel-types.h"

static _Thread_local int counter;
int f(void)
{
	return counter++;
}
