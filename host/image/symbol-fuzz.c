/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "host/image/symbol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first eight bytes are the address, the rest is the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t offset, distance;
	const char *name;

	if (size < sizeof offset)
		return 0;
	memcpy(&offset, data, sizeof offset);
	if (image_symbol_find((struct span){data + sizeof offset, size - sizeof offset}, offset, &name, &distance) &&
	    strlen(name) == 0)
		abort();
	return 0;
}
