// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 nothing to order
#include "kernel-types.h"

void f(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}
