// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 'copy' is an own variable of the kernel's type
#include "kernel-types.h"

int f(void)
{
	struct sock copy;

	guest_copy(&copy, &init_sock, 8);
	return copy.state;
}
