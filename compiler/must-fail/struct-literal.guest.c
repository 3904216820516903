// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 makes a value of the kernel's type
#include "kernel-types.h"

int f(void)
{
	return ((struct list_head){0}).next != NULL;
}
