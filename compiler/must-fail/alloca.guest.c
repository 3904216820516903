// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 constant size
#include "kernel-types.h"

void f(u64 size)
{
	take(__builtin_alloca(size));
}
