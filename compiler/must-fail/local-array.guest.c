// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 'copies' is an own variable
#include "kernel-types.h"

int f(void)
{
	struct list_head copies[2];

	return copies[0].next != NULL;
}
