// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 sizeof of a kernel type
#include "kernel-types.h"

u64 f(struct sock *sk)
{
	return sizeof *sk;
}
