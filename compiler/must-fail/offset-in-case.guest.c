// SPDX-License-Identifier: GPL-2.0-or-later
// error: 8 folding it to a constant
#include "kernel-types.h"

int f(long i)
{
	switch (i) {
	case (long)&((struct sock *)0)->list: return 1;
	default: return 0;
	}
}
