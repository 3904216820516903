// SPDX-License-Identifier: GPL-2.0-or-later
// error: 5 stack is small
#include "kernel-types.h"

void f(void)
{
	char large[100000];

	take(large);
}
