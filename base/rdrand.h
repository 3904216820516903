/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random bytes from the CPU, for places that trust nobody else: enclaves, firmware. */
#ifndef BASE_RDRAND_H
#define BASE_RDRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
	/* Intel SDM vol. 1, 7.3.17.1: ten tries, or the generator is broken. */
	RDRAND_TRIES = 10,
};

/* Fill `destination`. False: the generator doesn't answer. The caller knows that the CPU has RDRAND. */
MUST_USE static inline bool rdrand_bytes(void *destination, size_t size)
{
	uint8_t *bytes = destination;

	while (size > 0) {
		size_t part = size < sizeof(uint64_t) ? size : sizeof(uint64_t);
		uint64_t word = 0;
		bool ok = false;

		for (int i = 0; i < RDRAND_TRIES && !ok; i++)
			__asm__ volatile("rdrand %0" : "=r"(word), "=@ccc"(ok));
		if (!ok)
			return false;
		for (size_t i = 0; i < part; i++)
			*bytes++ = (uint8_t)(word >> (8 * i));
		size -= part;
	}
	return true;
}

#endif
