// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 address of bit-field requested
#include "kernel-types.h"

const u32 *f(struct sock *sk)
{
	return &sk->flag;
}
