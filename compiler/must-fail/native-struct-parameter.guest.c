// SPDX-License-Identifier: GPL-2.0-or-later
// error: 11 takes a struct
#include "kernel-types.h"

struct pair {
	u64 a, b;
};
GUEST_NATIVE void give(struct pair pair);
void f(void)
{
	give((struct pair){1, 2});
}
