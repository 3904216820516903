// SPDX-License-Identifier: GPL-2.0-or-later
// error: 14 an array of arrays in the kernel
#include "kernel-types.h"

#include "guest/kernel/guestc-types-begin.h"
typedef int row[5];
struct matrix {
	row rows[3];
};
#include "guest/kernel/guestc-types-end.h"

int f(struct matrix *matrix, int i)
{
	return matrix->rows[i][1];
}
