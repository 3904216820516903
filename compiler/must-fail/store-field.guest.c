// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 stores to the kernel's struct sock, field state
#include "kernel-types.h"

void f(struct sock *sk)
{
	sk->state = 1;
}
