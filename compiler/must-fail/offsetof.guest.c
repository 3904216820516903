// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 offsetof is fixed at compile time
#include "kernel-types.h"

u64 f(void)
{
	return offsetof(struct sock, name);
}
