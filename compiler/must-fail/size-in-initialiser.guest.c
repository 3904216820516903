// SPDX-License-Identifier: GPL-2.0-or-later
// error: 5 steps from a constant address
#include "kernel-types.h"

long size = (long)((struct sock *)0 + 1);
