/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/ask/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	world_fuzz("sysfs", data, size);
	return 0;
}
