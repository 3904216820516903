// SPDX-License-Identifier: GPL-2.0-or-later
// error: 5 folding it to a constant
#include "kernel-types.h"

enum { OFFSET = (long)&((struct sock *)0)->list };
