// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 _Alignas can't be checked
#include "kernel-types.h"

void f(void)
{
	alignas(struct sock) char array[64];

	take(array);
}
