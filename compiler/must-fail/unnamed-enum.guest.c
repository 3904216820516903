// SPDX-License-Identifier: GPL-2.0-or-later
// error: 7 argument 1 invalid
#include "kernel-types.h"

s64 f(void)
{
	return enum_value(__typeof__(UNNAMED_ENUMERATOR), UNNAMED_ENUMERATOR);
}
