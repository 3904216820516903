/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/runtime/runtime.h"

enum { RDRAND_TRIES = 10 };

static bool random_word(uint64_t *ret_word)
{
	for (int i = 0; i < RDRAND_TRIES; i++) {
		uint64_t word;
		bool ok;

		__asm__ volatile("rdrand %0" : "=r"(word), "=@ccc"(ok));
		if (ok) {
			*ret_word = word;
			return true;
		}
	}
	return false;
}

bool runtime_random(void *destination, size_t size)
{
	uint8_t *bytes = destination;

	while (size > 0) {
		uint64_t word;
		size_t part = size < 8 ? size : 8;

		if (!random_word(&word))
			return false;
		for (size_t i = 0; i < part; i++)
			*bytes++ = (uint8_t)(word >> (8 * i));
		size -= part;
	}
	return true;
}
