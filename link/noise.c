/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/report.h"
#include "link/noise.h"

/* Exactly 28 bytes, so InitializeSymmetric() pads it with zeros. */
static const uint8_t protocol_name[LINK_HASH_SIZE] = "Noise_IK_25519_AESGCM_SHA256";

#define SPAN(bytes) ((struct span){.data = (bytes), .size = sizeof(bytes)})

void link_noise_nonce(uint64_t counter, uint8_t ret_nonce[static LINK_NONCE_SIZE])
{
	memset(ret_nonce, 0, LINK_NONCE_SIZE);
	for (int i = 0; i < 8; i++)
		ret_nonce[LINK_NONCE_SIZE - 1 - i] = (uint8_t)(counter >> (8 * i));
}

status link_noise_hkdf(const struct link_primitives *primitives, const uint8_t chaining_key[static LINK_HASH_SIZE],
		       struct span input, uint8_t ret_first[static LINK_HASH_SIZE],
		       uint8_t ret_second[static LINK_HASH_SIZE])
{
	static const uint8_t one = 1, two = 2;
	uint8_t extracted[LINK_HASH_SIZE], first[LINK_HASH_SIZE], second[LINK_HASH_SIZE];
	const struct span key = {.data = extracted, .size = sizeof extracted};
	const struct span first_part = {.data = &one, .size = 1};
	const struct span second_parts[] = {SPAN(first), {.data = &two, .size = 1}};
	const struct span salt = {.data = chaining_key, .size = LINK_HASH_SIZE};

	status result = primitives->hmac_sha256(salt, &input, 1, extracted);
	if (result == STATUS_OK)
		result = primitives->hmac_sha256(key, &first_part, 1, first);
	if (result == STATUS_OK)
		result = primitives->hmac_sha256(key, second_parts, 2, second);
	if (result == STATUS_OK) {
		memcpy(ret_first, first, sizeof first);
		memcpy(ret_second, second, sizeof second);
	}
	link_wipe(extracted, sizeof extracted);
	link_wipe(first, sizeof first);
	link_wipe(second, sizeof second);
	return result;
}

/* MixHash(). */
static status mix_hash(struct link_noise *noise, struct span data)
{
	uint8_t hash[LINK_HASH_SIZE];
	const struct span parts[] = {SPAN(noise->hash), data};

	TRY(noise->primitives->sha256(parts, 2, hash));
	memcpy(noise->hash, hash, sizeof hash);
	return STATUS_OK;
}

/* MixKey(DH(secret, public)). */
static status mix_shared(struct link_noise *noise, const uint8_t *secret, const uint8_t *public)
{
	uint8_t shared[LINK_KEY_SIZE];

	TRY(noise->primitives->x25519_shared(secret, public, shared));
	status result =
		link_noise_hkdf(noise->primitives, noise->chaining_key, SPAN(shared), noise->chaining_key, noise->key);
	noise->nonce = 0;
	link_wipe(shared, sizeof shared);
	return result;
}

/* EncryptAndHash(): plain.size + LINK_TAG_SIZE bytes. */
static status encrypt_and_hash(struct link_noise *noise, struct span plain, uint8_t *sealed)
{
	struct link_aead_key key;
	uint8_t nonce[LINK_NONCE_SIZE];

	link_noise_nonce(noise->nonce++, nonce);
	noise->primitives->aead_init(&key, noise->key);
	status result = noise->primitives->aead_seal(&key, nonce, SPAN(noise->hash), plain, sealed);
	link_wipe(&key, sizeof key);
	if (result != STATUS_OK)
		return result;
	return mix_hash(noise, (struct span){.data = sealed, .size = plain.size + LINK_TAG_SIZE});
}

/* DecryptAndHash(). */
static status decrypt_and_hash(struct link_noise *noise, struct span sealed, uint8_t *plain)
{
	struct link_aead_key key;
	uint8_t nonce[LINK_NONCE_SIZE];

	link_noise_nonce(noise->nonce++, nonce);
	noise->primitives->aead_init(&key, noise->key);
	status result = noise->primitives->aead_open(&key, nonce, SPAN(noise->hash), sealed, plain);
	link_wipe(&key, sizeof key);
	if (result != STATUS_OK)
		return result;
	return mix_hash(noise, sealed);
}

/* Initialize(), up to the pre-message: `responder` is the responder's static key. */
static status init(struct link_noise *noise, const struct link_primitives *primitives, const struct link_key_pair *own,
		   const uint8_t *responder, struct span prologue)
{
	memset(noise, 0, sizeof *noise);
	noise->primitives = primitives;
	noise->own = *own;
	memcpy(noise->hash, protocol_name, sizeof noise->hash);
	memcpy(noise->chaining_key, protocol_name, sizeof noise->chaining_key);
	TRY(mix_hash(noise, prologue));
	return mix_hash(noise, (struct span){.data = responder, .size = LINK_KEY_SIZE});
}

status link_noise_init_initiator(struct link_noise *noise, const struct link_primitives *primitives,
				 const struct link_key_pair *own, const uint8_t peer[static LINK_KEY_SIZE],
				 struct span prologue)
{
	TRY(init(noise, primitives, own, peer, prologue));
	memcpy(noise->peer, peer, sizeof noise->peer);
	return link_noise_make_ephemeral(noise);
}

status link_noise_init_responder(struct link_noise *noise, const struct link_primitives *primitives,
				 const struct link_key_pair *own, struct span prologue)
{
	return init(noise, primitives, own, own->public, prologue);
}

status link_noise_make_ephemeral(struct link_noise *noise)
{
	return link_key_pair_init(&noise->ephemeral, noise->primitives);
}

void link_noise_deinit(struct link_noise *noise)
{
	link_wipe(noise, sizeof *noise);
}

/* -> e, es, s, ss */
status link_noise_write_first(struct link_noise *noise, struct span payload, uint8_t *ret_message)
{
	uint8_t *sealed_key = ret_message + LINK_KEY_SIZE, *sealed_payload = sealed_key + LINK_KEY_SIZE + LINK_TAG_SIZE;

	memcpy(ret_message, noise->ephemeral.public, LINK_KEY_SIZE);
	TRY(mix_hash(noise, SPAN(noise->ephemeral.public)));
	TRY(mix_shared(noise, noise->ephemeral.secret, noise->peer));
	TRY(encrypt_and_hash(noise, SPAN(noise->own.public), sealed_key));
	TRY(mix_shared(noise, noise->own.secret, noise->peer));
	return encrypt_and_hash(noise, payload, sealed_payload);
}

status link_noise_read_first(struct link_noise *noise, struct span message, uint8_t *ret_payload)
{
	struct span ephemeral, sealed_key, sealed_payload;
	struct reader reader;

	reader_init(&reader, message);
	if (message.size < LINK_NOISE_FIRST_SIZE || reader_bytes(&reader, LINK_KEY_SIZE, &ephemeral) != STATUS_OK ||
	    reader_bytes(&reader, LINK_KEY_SIZE + LINK_TAG_SIZE, &sealed_key) != STATUS_OK ||
	    reader_bytes(&reader, reader_left(&reader), &sealed_payload) != STATUS_OK)
		return STATUS_MALFORMED;
	memcpy(noise->peer_ephemeral, ephemeral.data, LINK_KEY_SIZE);
	TRY(mix_hash(noise, ephemeral));
	TRY(mix_shared(noise, noise->own.secret, noise->peer_ephemeral));
	TRY(decrypt_and_hash(noise, sealed_key, noise->peer));
	TRY(mix_shared(noise, noise->own.secret, noise->peer));
	return decrypt_and_hash(noise, sealed_payload, ret_payload);
}

/* <- e, ee, se */
status link_noise_write_second(struct link_noise *noise, struct span payload, uint8_t *ret_message)
{
	memcpy(ret_message, noise->ephemeral.public, LINK_KEY_SIZE);
	TRY(mix_hash(noise, SPAN(noise->ephemeral.public)));
	TRY(mix_shared(noise, noise->ephemeral.secret, noise->peer_ephemeral));
	TRY(mix_shared(noise, noise->ephemeral.secret, noise->peer));
	return encrypt_and_hash(noise, payload, ret_message + LINK_KEY_SIZE);
}

status link_noise_read_second(struct link_noise *noise, struct span message, uint8_t *ret_payload)
{
	struct span ephemeral, sealed_payload;
	struct reader reader;

	reader_init(&reader, message);
	if (message.size < LINK_NOISE_SECOND_SIZE || reader_bytes(&reader, LINK_KEY_SIZE, &ephemeral) != STATUS_OK ||
	    reader_bytes(&reader, reader_left(&reader), &sealed_payload) != STATUS_OK)
		return STATUS_MALFORMED;
	memcpy(noise->peer_ephemeral, ephemeral.data, LINK_KEY_SIZE);
	TRY(mix_hash(noise, ephemeral));
	TRY(mix_shared(noise, noise->ephemeral.secret, noise->peer_ephemeral));
	TRY(mix_shared(noise, noise->own.secret, noise->peer_ephemeral));
	return decrypt_and_hash(noise, sealed_payload, ret_payload);
}

status link_noise_split(const struct link_noise *noise, uint8_t ret_there[static LINK_KEY_SIZE],
			uint8_t ret_back[static LINK_KEY_SIZE])
{
	return link_noise_hkdf(noise->primitives, noise->chaining_key, (struct span){0}, ret_there, ret_back);
}

status link_noise_rekey(const struct link_primitives *primitives, uint8_t key[static LINK_KEY_SIZE])
{
	static const uint8_t zeros[LINK_KEY_SIZE];
	uint8_t nonce[LINK_NONCE_SIZE], sealed[LINK_KEY_SIZE + LINK_TAG_SIZE];
	struct link_aead_key scheduled;

	link_noise_nonce(UINT64_MAX, nonce);
	primitives->aead_init(&scheduled, key);
	status result = primitives->aead_seal(&scheduled, nonce, (struct span){0}, SPAN(zeros), sealed);
	if (result == STATUS_OK)
		memcpy(key, sealed, LINK_KEY_SIZE);
	link_wipe(&scheduled, sizeof scheduled);
	link_wipe(sealed, sizeof sealed);
	return result;
}
