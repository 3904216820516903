// SPDX-License-Identifier: GPL-2.0-or-later
// error: 5 between [ and ]
#include "kernel-types.h"

char buffer[sizeof(atomic_t)];
