// SPDX-License-Identifier: GPL-2.0-or-later
// error: 6 sizeof of a kernel type
#include "kernel-types.h"

enum {
	SIZE = sizeof(atomic_t),
};

int f(void)
{
	return SIZE;
}
