// SPDX-License-Identifier: GPL-2.0-or-later
// error: 5 constructors and destructors
#include "kernel-types.h"

__attribute__((destructor))
void f(void)
{
}
