// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 steps over a whole array
#include "kernel-types.h"

int f(struct sock *sk, int i)
{
	return (&sk->name)[i][0];
}
