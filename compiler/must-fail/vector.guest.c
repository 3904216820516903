// SPDX-License-Identifier: GPL-2.0-or-later
// error: 8 no floating-point and no vector
#include "kernel-types.h"

typedef int four __attribute__((vector_size(16)));
int f(const four *x)
{
	return (*x)[0];
}
