/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "link/primitives.h"

status link_key_pair_init(struct link_key_pair *pair, const struct link_primitives *primitives)
{
	uint8_t secret[LINK_KEY_SIZE];

	TRY(primitives->random(secret, sizeof secret));
	status result = link_key_pair_init_secret(pair, primitives, secret);
	link_wipe(secret, sizeof secret);
	return result;
}

status link_key_pair_init_secret(struct link_key_pair *pair, const struct link_primitives *primitives,
				 const uint8_t secret[static LINK_KEY_SIZE])
{
	struct link_key_pair made;

	memcpy(made.secret, secret, sizeof made.secret);
	status result = primitives->x25519_public(secret, made.public);
	if (result == STATUS_OK)
		*pair = made;
	link_key_pair_deinit(&made);
	return result;
}

void link_key_pair_deinit(struct link_key_pair *pair)
{
	link_wipe(pair, sizeof *pair);
}

void link_wipe(void *secret, size_t size)
{
	memset(secret, 0, size);
	/* "Somebody reads it": the compiler can't drop the memset as dead. */
	__asm__ volatile("" : : "r"(secret) : "memory");
}

bool link_equal(const void *a, const void *b, size_t size)
{
	const uint8_t *left = a, *right = b;
	uint8_t difference = 0;

	for (size_t i = 0; i < size; i++)
		difference |= left[i] ^ right[i];
	return difference == 0;
}
