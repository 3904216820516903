// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 uses the kernel's variable 'init_sock'
#include "kernel-types.h"

int f(int i)
{
	static const int *const states[] = {&init_sock.state};

	return *states[i];
}
