// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 stores to the kernel's struct sock
#include "kernel-types.h"

void f(struct sock *sk)
{
	__atomic_fetch_add(&sk->state, 1, __ATOMIC_RELAXED);
}
