// SPDX-License-Identifier: GPL-2.0-or-later
// error: 6 a field at a constant address
#include "kernel-types.h"

char buffer[64];
int *pointer = &((struct sock *)buffer)->state;
