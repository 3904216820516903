// SPDX-License-Identifier: GPL-2.0-or-later
// error: 9 takes the name of a kernel variable
#include "kernel-types.h"

bool f(void)
{
	int x = 0;

	return symbol_exists(x);
}
