// SPDX-License-Identifier: GPL-2.0-or-later
// error: - assembly at file level
#include "guest/kernel/headers.h"

#include <linux/sched.h>

__asm__(".globl f; f: ret");
int unused;
