// SPDX-License-Identifier: GPL-2.0-or-later
// error: 5 __builtin_object_size between [ and ]
#include "kernel-types.h"

char array[__builtin_object_size(&init_sock, 0)];
