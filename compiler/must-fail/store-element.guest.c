// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 stores to the kernel's struct sock, field name
#include "kernel-types.h"

void f(struct sock *sk)
{
	sk->name[3] = 1;
}
