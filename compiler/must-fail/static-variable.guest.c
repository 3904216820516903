// SPDX-License-Identifier: GPL-2.0-or-later
// error: 5 'mine' is an own variable
#include "kernel-types.h"

static struct sock mine;
int f(void)
{
	return mine.state;
}
