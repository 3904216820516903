// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 fixed at compile time: use field_size()
#include "kernel-types.h"

u64 f(struct sock *sk)
{
	return ARRAY_SIZE(sk->name);
}
