// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 'copy' is an own variable
#include "kernel-types.h"

int f(struct sock *sk)
{
	__typeof__(*sk) copy = *sk;

	return copy.state;
}
