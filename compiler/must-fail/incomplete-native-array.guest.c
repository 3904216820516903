// SPDX-License-Identifier: GPL-2.0-or-later
// error: 8 declare it complete
#include "kernel-types.h"

extern GUEST_NATIVE const int native_numbers[];
int f(int i)
{
	return native_numbers[i];
}
