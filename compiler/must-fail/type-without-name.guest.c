// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 argument 1 invalid
#include "kernel-types.h"

u64 f(struct sock *sk)
{
	return type_size(__typeof__(sk->one));
}
