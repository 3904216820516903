/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <intel-ipsec-mb.h>
#include <string.h>

#include "base/xor.h"
#include "enclave/crypto/gcm.h"

static_assert(sizeof(struct gcm_key_data) <= LINK_AEAD_KEY_SIZE, "an ipsec-mb key schedule fits");

/* ipsec-mb's internal functions (lib/include/gcm.h, aes_keyexp in lib/x86_64 of its source): the
 * same that its manager's table leads to. */
typedef void (*gcm_precompute)(struct gcm_key_data *key);
typedef void (*gcm_crypt)(const struct gcm_key_data *key, struct gcm_context_data *context, uint8_t *out,
			  const uint8_t *in, uint64_t size, const uint8_t *nonce, const uint8_t *associated,
			  uint64_t associated_size, uint8_t *tag, uint64_t tag_size);
typedef void (*gcm_ghash)(const struct gcm_key_data *key, const void *in, uint64_t size, void *hash,
			  uint64_t hash_size);

void aes_keyexp_256_enc_sse(const void *secret, void *expanded);
void aes_gcm_precomp_256_vaes_avx512(struct gcm_key_data *key);
void aes_gcm_precomp_256_sse(struct gcm_key_data *key);
void aes_gcm_enc_256_vaes_avx512(const struct gcm_key_data *key, struct gcm_context_data *context, uint8_t *out,
				 const uint8_t *in, uint64_t size, const uint8_t *nonce, const uint8_t *associated,
				 uint64_t associated_size, uint8_t *tag, uint64_t tag_size);
void aes_gcm_dec_256_vaes_avx512(const struct gcm_key_data *key, struct gcm_context_data *context, uint8_t *out,
				 const uint8_t *in, uint64_t size, const uint8_t *nonce, const uint8_t *associated,
				 uint64_t associated_size, uint8_t *tag, uint64_t tag_size);
void aes_gcm_enc_256_sse(const struct gcm_key_data *key, struct gcm_context_data *context, uint8_t *out,
			 const uint8_t *in, uint64_t size, const uint8_t *nonce, const uint8_t *associated,
			 uint64_t associated_size, uint8_t *tag, uint64_t tag_size);
void aes_gcm_dec_256_sse(const struct gcm_key_data *key, struct gcm_context_data *context, uint8_t *out,
			 const uint8_t *in, uint64_t size, const uint8_t *nonce, const uint8_t *associated,
			 uint64_t associated_size, uint8_t *tag, uint64_t tag_size);

void ghash_vaes_avx512(const struct gcm_key_data *key, const void *in, uint64_t size, void *hash, uint64_t hash_size);
void ghash_sse(const struct gcm_key_data *key, const void *in, uint64_t size, void *hash, uint64_t hash_size);

/* The kernels want an address even for nothing. */
static const uint8_t *some_address(struct span bytes)
{
	static const uint8_t nothing[1];

	return bytes.size > 0 ? bytes.data : nothing;
}

static void init(gcm_precompute precompute, struct link_aead_key *key, const uint8_t *secret)
{
	struct gcm_key_data *schedule = (struct gcm_key_data *)key->schedule;

	memset(schedule, 0, sizeof *schedule);
	aes_keyexp_256_enc_sse(secret, schedule->expanded_keys);
	precompute(schedule);
}

static void seal(gcm_crypt encrypt, const struct link_aead_key *key, const uint8_t *nonce, struct span associated,
		 struct span plain, uint8_t *ret_sealed)
{
	struct gcm_context_data context;

	encrypt((const struct gcm_key_data *)key->schedule, &context, ret_sealed, some_address(plain), plain.size,
		nonce, some_address(associated), associated.size, ret_sealed + plain.size, LINK_TAG_SIZE);
}

static status unseal(gcm_crypt decrypt, const struct link_aead_key *key, const uint8_t *nonce, struct span associated,
		     struct span sealed, uint8_t *ret_plain)
{
	struct gcm_context_data context;
	uint8_t tag[LINK_TAG_SIZE];

	if (sealed.size < LINK_TAG_SIZE)
		return STATUS_MALFORMED;
	size_t size = sealed.size - LINK_TAG_SIZE;
	decrypt((const struct gcm_key_data *)key->schedule, &context, ret_plain, sealed.data, size, nonce,
		some_address(associated), associated.size, tag, sizeof tag);
	if (link_equal(tag, sealed.data + size, sizeof tag))
		return STATUS_OK;
	memset(ret_plain, 0, size);
	return STATUS_MALFORMED;
}

/* Sealed, zeros are the keystream, and nothing's tag is the mask: its hash is zeros. Nobody else gets to see
 * either, so that the record itself is the nonce's only use. */
static void stream(gcm_crypt encrypt, const struct link_aead_key *key, const uint8_t *nonce, size_t size,
		   uint8_t *ret_mask, uint8_t *ret_stream)
{
	const struct gcm_key_data *schedule = (const struct gcm_key_data *)key->schedule;
	const uint8_t *nothing = some_address((struct span){0});
	struct gcm_context_data context;
	uint8_t unused[LINK_TAG_SIZE];

	memset(ret_stream, 0, size);
	encrypt(schedule, &context, ret_stream, ret_stream, size, nonce, nothing, 0, unused, sizeof unused);
	encrypt(schedule, &context, unused, nothing, 0, nonce, nothing, 0, ret_mask, LINK_TAG_SIZE);
}

static void hash_bytes(gcm_ghash ghash, const struct link_aead_key *key, struct span bytes, uint8_t *hash)
{
	if (bytes.size > 0)
		ghash((const struct gcm_key_data *)key->schedule, bytes.data, bytes.size, hash, LINK_TAG_SIZE);
}

void gcm_init_vaes(struct link_aead_key *key, const uint8_t secret[static LINK_KEY_SIZE])
{
	init(aes_gcm_precomp_256_vaes_avx512, key, secret);
}

status gcm_seal_vaes(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE],
		     struct span associated, struct span plain, uint8_t *ret_sealed)
{
	seal(aes_gcm_enc_256_vaes_avx512, key, nonce, associated, plain, ret_sealed);
	return STATUS_OK;
}

status gcm_open_vaes(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE],
		     struct span associated, struct span sealed, uint8_t *ret_plain)
{
	return unseal(aes_gcm_dec_256_vaes_avx512, key, nonce, associated, sealed, ret_plain);
}

void gcm_stream_vaes(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE], size_t size,
		     uint8_t ret_mask[static LINK_TAG_SIZE], uint8_t *ret_stream)
{
	stream(aes_gcm_enc_256_vaes_avx512, key, nonce, size, ret_mask, ret_stream);
}

void gcm_hash_vaes(const struct link_aead_key *key, struct span bytes, uint8_t hash[static LINK_TAG_SIZE])
{
	hash_bytes(ghash_vaes_avx512, key, bytes, hash);
}

void gcm_xor_vaes(uint8_t *ret, const uint8_t *a, const uint8_t *b, size_t size)
{
	xor_bytes_avx512(ret, a, b, size);
}

void gcm_init_sse(struct link_aead_key *key, const uint8_t secret[static LINK_KEY_SIZE])
{
	init(aes_gcm_precomp_256_sse, key, secret);
}

status gcm_seal_sse(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE],
		    struct span associated, struct span plain, uint8_t *ret_sealed)
{
	seal(aes_gcm_enc_256_sse, key, nonce, associated, plain, ret_sealed);
	return STATUS_OK;
}

status gcm_open_sse(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE],
		    struct span associated, struct span sealed, uint8_t *ret_plain)
{
	return unseal(aes_gcm_dec_256_sse, key, nonce, associated, sealed, ret_plain);
}

void gcm_stream_sse(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE], size_t size,
		    uint8_t ret_mask[static LINK_TAG_SIZE], uint8_t *ret_stream)
{
	stream(aes_gcm_enc_256_sse, key, nonce, size, ret_mask, ret_stream);
}

void gcm_hash_sse(const struct link_aead_key *key, struct span bytes, uint8_t hash[static LINK_TAG_SIZE])
{
	hash_bytes(ghash_sse, key, bytes, hash);
}

void gcm_xor_sse(uint8_t *ret, const uint8_t *a, const uint8_t *b, size_t size)
{
	xor_bytes(ret, a, b, size);
}
