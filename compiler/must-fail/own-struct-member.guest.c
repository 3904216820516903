// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 into an own struct
#include "kernel-types.h"

struct own {
	int x;
	struct list_head list;
};
int f(struct own *own)
{
	return own->x;
}
