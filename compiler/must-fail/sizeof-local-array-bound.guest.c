// SPDX-License-Identifier: GPL-2.0-or-later
// error: 8 between [ and ]
#include "kernel-types.h"

void f(struct sock *sk)
{
	char name[1
		  + sizeof(sk->name)];

	guest_string_copy(name, 17, sk->name);
	take(name);
}
