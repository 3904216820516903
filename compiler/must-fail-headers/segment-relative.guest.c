// SPDX-License-Identifier: GPL-2.0-or-later
// error: 9 relative to a segment register
#include "guest/kernel/headers.h"

#include <linux/sched.h>

int f(void)
{
	return *(int __attribute__((address_space(256))) *)8;
}
