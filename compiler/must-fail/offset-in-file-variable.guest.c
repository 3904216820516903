// SPDX-License-Identifier: GPL-2.0-or-later
// error: 5 a field at a constant address
#include "kernel-types.h"

long offset = (long)&((struct sock *)0)->list;
