// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 __builtin_object_size is fixed at compile time
#include "kernel-types.h"

u64 f(void)
{
	return __builtin_object_size(&init_sock, 0);
}
