// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 an array of arrays in the kernel
#include "kernel-types.h"

int f(struct sock *sk, int i)
{
	return sk->tables[i][1].open != 0;
}
