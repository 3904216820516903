// SPDX-License-Identifier: GPL-2.0-or-later
// error: 5 the initialiser of 'table' uses the kernel's variable 'init_sock'
#include "kernel-types.h"

struct sock *table[] = {&init_sock};
