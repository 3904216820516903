// SPDX-License-Identifier: GPL-2.0-or-later
// error: 8 'unknown' isn't known to guest C
#include "kernel-types.h"

void unknown(const void *pointer);
void f(struct sock *sk)
{
	unknown(sk);
}
