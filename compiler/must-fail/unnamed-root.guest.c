// SPDX-License-Identifier: GPL-2.0-or-later
// error: 9 has no name in the kernel
#include "kernel-types.h"

int f(struct sock *sk)
{
	__typeof__(sk->one) *one = &sk->one;

	return one->x;
}
