// SPDX-License-Identifier: GPL-2.0-or-later
// error: 5 'sk' is an own variable
#include "kernel-types.h"

int f(struct sock sk)
{
	return sk.state;
}
