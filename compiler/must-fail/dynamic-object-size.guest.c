// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 __builtin_dynamic_object_size is fixed
#include "kernel-types.h"

u64 f(void)
{
	return __builtin_dynamic_object_size(&init_sock.one, 0);
}
