// SPDX-License-Identifier: GPL-2.0-or-later
// error: 11 returns a struct
#include "kernel-types.h"

struct pair {
	u64 a, b, c;
};
GUEST_NATIVE struct pair make(int x);
u64 f(void)
{
	return make(1).a;
}
