/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/siphash.h"

static uint64_t rotate(uint64_t word, unsigned int bits)
{
	return word << bits | word >> (64 - bits);
}

static void rounds(uint64_t v[4], int count)
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

static void absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	rounds(v, 2);
	v[0] ^= word;
}

uint64_t siphash_1u64(uint64_t word, uint64_t key_low, uint64_t key_high)
{
	/* "somepseudorandomlygeneratedbytes", the paper's constants. */
	uint64_t v[4] = {
		key_low ^ 0x736f6d6570736575,
		key_high ^ 0x646f72616e646f6d,
		key_low ^ 0x6c7967656e657261,
		key_high ^ 0x7465646279746573,
	};

	absorb(v, word);
	absorb(v, (uint64_t)sizeof word << 56); /* the message's length, no bytes left over */
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
