// SPDX-License-Identifier: GPL-2.0-or-later
// error: 9 sizeof of a kernel type
#include "kernel-types.h"

#define SIZE(x) sizeof(x)
u64 f(struct sock *sk)
{
	return
		SIZE(sk->list);
}
