// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 arrays of arrays of a kernel type
#include "kernel-types.h"

int f(struct sock (*tables)[5], int i)
{
	return tables[i][1].state;
}
