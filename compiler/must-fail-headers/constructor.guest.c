// SPDX-License-Identifier: GPL-2.0-or-later
// error: - constructors
#include "guest/kernel/headers.h"

#include <linux/sched.h>

__attribute__((constructor)) void f(void)
{
}
