// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 copies a whole 'struct sock'
#include "kernel-types.h"

void f(struct sock *a, struct sock *b)
{
	*a = *b;
}
