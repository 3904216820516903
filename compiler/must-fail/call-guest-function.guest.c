// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 calls a function of the kernel
#include "kernel-types.h"

int f(struct sock *sk)
{
	return sk->operations->open(1);
}
