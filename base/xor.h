/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes of one run combined with those of another, at the width that a record of a page needs to be
 * combined with its keystream faster than it is authenticated. `ret` may be `a` or `b`.
 */
#ifndef BASE_XOR_H
#define BASE_XOR_H

#include <stddef.h>
#include <stdint.h>

static inline void xor_rest(uint8_t *ret, const uint8_t *a, const uint8_t *b, size_t size)
{
	for (size_t i = 0; i < size; i++)
		ret[i] = a[i] ^ b[i];
}

/* With what every x86-64 has. */
static inline void xor_bytes(uint8_t *ret, const uint8_t *a, const uint8_t *b, size_t size)
{
	uint64_t left __attribute__((vector_size(16))), right __attribute__((vector_size(16)));
	size_t i = 0;

	for (; size - i >= sizeof left; i += sizeof left) {
		__builtin_memcpy(&left, a + i, sizeof left);
		__builtin_memcpy(&right, b + i, sizeof right);
		left ^= right;
		__builtin_memcpy(ret + i, &left, sizeof left);
	}
	xor_rest(ret + i, a + i, b + i, size - i);
}

/* Only where the CPU has AVX-512, as whoever calls it knows. */
__attribute__((target("avx512f"))) static inline void xor_bytes_avx512(uint8_t *ret, const uint8_t *a, const uint8_t *b,
								       size_t size)
{
	uint64_t left __attribute__((vector_size(64))), right __attribute__((vector_size(64)));
	size_t i = 0;

	for (; size - i >= sizeof left; i += sizeof left) {
		__builtin_memcpy(&left, a + i, sizeof left);
		__builtin_memcpy(&right, b + i, sizeof right);
		left ^= right;
		__builtin_memcpy(ret + i, &left, sizeof left);
	}
	xor_rest(ret + i, a + i, b + i, size - i);
}

#endif
