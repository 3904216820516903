// SPDX-License-Identifier: GPL-2.0-or-later
// error: 11 an assertion of the kernel's headers fails: assertion_too_small()
#include "guest/kernel/headers.h"

#include <linux/sched.h>

void f(void)
{
	char small[4];

	ASSERT_LARGER_THAN(small, 4);
}
