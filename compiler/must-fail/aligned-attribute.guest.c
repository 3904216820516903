// SPDX-License-Identifier: GPL-2.0-or-later
// error: 5 of a kernel type
#include "kernel-types.h"

char array[64] __attribute__((aligned(__alignof__(struct sock))));
