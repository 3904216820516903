// SPDX-License-Identifier: GPL-2.0-or-later
// error: 9 a field at a constant address
#include "kernel-types.h"

long f(void)
{
	constexpr struct sock *sk = 0;

	return (long)&sk->list;
}
