/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/siphash.h"

static inline uint64_t rotate(uint64_t word, unsigned int bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void rounds(uint64_t v[4], int count)
{
	while (count-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static inline void absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	rounds(v, 2);
	v[0] ^= word;
}

static void start(uint64_t v[4], uint64_t key_low, uint64_t key_high)
{
	/* "somepseudorandomlygeneratedbytes", the paper's constants. */
	v[0] = key_low ^ 0x736f6d6570736575;
	v[1] = key_high ^ 0x646f72616e646f6d;
	v[2] = key_low ^ 0x6c7967656e657261;
	v[3] = key_high ^ 0x7465646279746573;
}

/* `last`: the bytes that fill no word, and above them the length's low byte. */
static uint64_t finish(uint64_t v[4], uint64_t last)
{
	absorb(v, last);
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t siphash(const void *bytes, size_t size, uint64_t key_low, uint64_t key_high)
{
	const uint8_t *at = bytes;
	uint64_t v[4], word, last = (uint64_t)size << 56;

	start(v, key_low, key_high);
	for (size_t left = size; left >= sizeof word; left -= sizeof word, at += sizeof word) {
		__builtin_memcpy(&word, at, sizeof word);
		absorb(v, word);
	}
	for (size_t i = 0; i < size % sizeof word; i++)
		last |= (uint64_t)at[i] << (8 * i);
	return finish(v, last);
}

uint64_t siphash_1u64(uint64_t word, uint64_t key_low, uint64_t key_high)
{
	uint64_t v[4];

	start(v, key_low, key_high);
	absorb(v, word);
	return finish(v, (uint64_t)sizeof word << 56);
}
