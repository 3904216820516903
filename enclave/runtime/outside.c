/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No libc here: this runs before it, and below it. */
#include "enclave/runtime/outside.h"

void outside_get(void *to, const uint64_t *host_from, size_t size)
{
	uint8_t *bytes = to;

#pragma GCC unroll 8
	for (; size >= 8; size -= 8, bytes += 8) {
		uint64_t word = outside_load(host_from++);

		__builtin_memcpy(bytes, &word, 8);
	}
	if (size > 0) {
		uint64_t word = outside_load(host_from);

		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)(word >> (8 * i));
	}
}

void outside_put(uint64_t *host_to, const void *from, size_t size)
{
	const uint8_t *bytes = from;

#pragma GCC unroll 8
	for (; size >= 8; size -= 8, bytes += 8) {
		uint64_t word;

		__builtin_memcpy(&word, bytes, 8);
		outside_store(host_to++, word);
	}
	if (size > 0) {
		uint64_t word = 0;

		for (size_t i = 0; i < size; i++)
			word |= (uint64_t)bytes[i] << (8 * i);
		outside_store(host_to, word);
	}
}
