// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 has no name there
#include "kernel-types.h"

int f(struct sock *sk, int i)
{
	return sk->unnamed[i].x;
}
