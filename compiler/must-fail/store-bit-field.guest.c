// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 can only be read
#include "kernel-types.h"

void f(struct sock *sk)
{
	sk->flag = 1;
}
