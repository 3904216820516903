// SPDX-License-Identifier: GPL-2.0-or-later
// error: 9 computed jumps
#include "kernel-types.h"

int f(int i)
{
	static const void *const places[] = {&&one, &&two};

	goto *places[i & 1]; /* lint: allow goto: what is refused */
one:
	return 1;
two:
	return 2;
}
