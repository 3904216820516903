// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 of a kernel type
#include "kernel-types.h"

u64 f(void)
{
	return _Alignof(struct sock);
}
