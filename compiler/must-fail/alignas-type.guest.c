// SPDX-License-Identifier: GPL-2.0-or-later
// error: 5 _Alignas can't be checked
#include "kernel-types.h"

_Alignas(struct sock) char array[64];
