// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 use guest_distance()
#include "kernel-types.h"

s64 f(struct sock *a, struct sock *b)
{
	return a - b;
}
