/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/unsealed.h"

#include <string.h>

static void copy(uint8_t *to, const uint8_t *from, size_t size)
{
	if (to != from && size > 0)
		memcpy(to, from, size);
}

static void no_key(struct link_aead_key *key, const uint8_t secret[static LINK_KEY_SIZE])
{
}

static status copy_there(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE],
			 struct span associated, struct span plain, uint8_t *ret_sealed)
{
	copy(ret_sealed, plain.data, plain.size);
	memset(ret_sealed + plain.size, 0, LINK_TAG_SIZE);
	return STATUS_OK;
}

static status copy_back(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE],
			struct span associated, struct span sealed, uint8_t *ret_plain)
{
	static const uint8_t zeros[LINK_TAG_SIZE];

	if (sealed.size < LINK_TAG_SIZE)
		return STATUS_MALFORMED;
	/* What is sealed isn't taken for what isn't. */
	if (memcmp(sealed.data + sealed.size - LINK_TAG_SIZE, zeros, sizeof zeros) != 0)
		return STATUS_MALFORMED;
	copy(ret_plain, sealed.data, sealed.size - LINK_TAG_SIZE);
	return STATUS_OK;
}

const struct link_primitives *unsealed_primitives(const struct link_primitives *sealed)
{
	static struct link_primitives primitives;

	primitives = *sealed;
	primitives.name = "INSECURE: nothing is sealed";
	primitives.aead_init = no_key;
	primitives.aead_seal = copy_there;
	primitives.aead_open = copy_back;
	primitives.gcm_stream = NULL;
	primitives.gcm_hash = NULL;
	primitives.xor_bytes = NULL;
	return &primitives;
}
