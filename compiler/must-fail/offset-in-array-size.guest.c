// SPDX-License-Identifier: GPL-2.0-or-later
// error: 5 folded to constant
#include "kernel-types.h"

char array[(long)&((struct sock *)0)->list];
