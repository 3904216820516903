// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 use of undeclared identifier
#include "kernel-types.h"

void f(struct sock *sk)
{
	mystery(sk);
}
