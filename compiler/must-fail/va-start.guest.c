// SPDX-License-Identifier: GPL-2.0-or-later
// error: 10 va_start, va_arg
#include "kernel-types.h"

int f(int count, ...)
{
	va_list list;
	int x;

	va_start(list, count);
	x = va_arg(list, int);
	va_end(list);
	return x;
}
