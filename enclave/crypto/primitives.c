/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <intel-ipsec-mb.h>
#include <stdlib.h>
#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/curve25519.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "base/rdrand.h"
#include "base/report.h"
#include "enclave/crypto/gcm.h"
#include "enclave/crypto/primitives.h"
#include "enclave/crypto/seed.h"

static status wolfcrypt_failed(const char *what, int code)
{
	return report(STATUS_INTERNAL, "wolfCrypt failed to %s: its error %d", what, code);
}

static status wolfcrypt_sha256(const struct span *parts, size_t part_count, uint8_t ret_hash[static LINK_HASH_SIZE])
{
	uint8_t hash[LINK_HASH_SIZE];
	wc_Sha256 context;

	int code = wc_InitSha256(&context);
	if (code != 0)
		return wolfcrypt_failed("hash", code);
	for (size_t i = 0; code == 0 && i < part_count; i++) {
		if (parts[i].size > 0)
			code = wc_Sha256Update(&context, parts[i].data, (word32)parts[i].size);
	}
	if (code == 0)
		code = wc_Sha256Final(&context, hash);
	wc_Sha256Free(&context);
	link_wipe(&context, sizeof context);
	if (code != 0)
		return wolfcrypt_failed("hash", code);
	memcpy(ret_hash, hash, sizeof hash);
	return STATUS_OK;
}

static status wolfcrypt_hmac_sha256(struct span key, const struct span *parts, size_t part_count,
				    uint8_t ret_mac[static LINK_HASH_SIZE])
{
	uint8_t mac[LINK_HASH_SIZE];
	Hmac context;

	int code = wc_HmacInit(&context, NULL, INVALID_DEVID);
	if (code != 0)
		return wolfcrypt_failed("authenticate", code);
	code = wc_HmacSetKey(&context, WC_SHA256, key.data, (word32)key.size);
	for (size_t i = 0; code == 0 && i < part_count; i++) {
		if (parts[i].size > 0)
			code = wc_HmacUpdate(&context, parts[i].data, (word32)parts[i].size);
	}
	if (code == 0)
		code = wc_HmacFinal(&context, mac);
	wc_HmacFree(&context);
	link_wipe(&context, sizeof context);
	if (code != 0)
		return wolfcrypt_failed("authenticate", code);
	memcpy(ret_mac, mac, sizeof mac);
	return STATUS_OK;
}

/* wolfCrypt takes clamped secrets only: RFC 7748, 5. */
static void clamp(const uint8_t secret[static LINK_KEY_SIZE], uint8_t clamped[static LINK_KEY_SIZE])
{
	memcpy(clamped, secret, LINK_KEY_SIZE);
	clamped[0] &= 248;
	clamped[LINK_KEY_SIZE - 1] &= 127;
	clamped[LINK_KEY_SIZE - 1] |= 64;
}

static status wolfcrypt_x25519(const uint8_t secret[static LINK_KEY_SIZE], const uint8_t point[static LINK_KEY_SIZE],
			       uint8_t ret_product[static LINK_KEY_SIZE])
{
	uint8_t clamped[LINK_KEY_SIZE], canonical[LINK_KEY_SIZE];

	clamp(secret, clamped);
	/* RFC 7748, 5: the highest bit of a coordinate is ignored. */
	memcpy(canonical, point, sizeof canonical);
	canonical[LINK_KEY_SIZE - 1] &= 127;
	int code = wc_curve25519_generic(LINK_KEY_SIZE, ret_product, LINK_KEY_SIZE, clamped, LINK_KEY_SIZE, canonical);
	link_wipe(clamped, sizeof clamped);
	return code == 0 ? STATUS_OK : wolfcrypt_failed("multiply on Curve25519", code);
}

static status wolfcrypt_x25519_public(const uint8_t secret[static LINK_KEY_SIZE],
				      uint8_t ret_public[static LINK_KEY_SIZE])
{
	static const uint8_t base_point[LINK_KEY_SIZE] = {9};
	uint8_t public[LINK_KEY_SIZE];

	TRY(wolfcrypt_x25519(secret, base_point, public));
	memcpy(ret_public, public, sizeof public);
	return STATUS_OK;
}

static status wolfcrypt_x25519_shared(const uint8_t secret[static LINK_KEY_SIZE],
				      const uint8_t peer[static LINK_KEY_SIZE],
				      uint8_t ret_shared[static LINK_KEY_SIZE])
{
	static const uint8_t zeros[LINK_KEY_SIZE];
	uint8_t shared[LINK_KEY_SIZE];

	TRY(wolfcrypt_x25519(secret, peer, shared));
	if (link_equal(shared, zeros, sizeof shared))
		return STATUS_MALFORMED;
	memcpy(ret_shared, shared, sizeof shared);
	link_wipe(shared, sizeof shared);
	return STATUS_OK;
}

/* Everything of one verification; public, but too large for a stack of an image's thread. */
struct verification {
	ecc_key key;
	mp_int r, s;
};

static status verify(struct verification *work, const uint8_t *key, const uint8_t *digest, const uint8_t *signature)
{
	const size_t half = LINK_SIGNATURE_SIZE / 2;
	int fits = 0;

	if (mp_read_unsigned_bin(&work->r, signature, half) != MP_OKAY ||
	    mp_read_unsigned_bin(&work->s, signature + half, half) != MP_OKAY)
		return STATUS_MALFORMED;
	/* A NULL for the secret: a public key. Then: on the curve, and not the point at infinity? */
	if (wc_ecc_import_unsigned(&work->key, key, key + LINK_OWNER_KEY_SIZE / 2, NULL, ECC_SECP256R1) != 0 ||
	    wc_ecc_check_key(&work->key) != 0)
		return STATUS_MALFORMED;
	int code = wc_ecc_verify_hash_ex(&work->r, &work->s, digest, LINK_HASH_SIZE, &fits, &work->key);
	if (code == MEMORY_E)
		return wolfcrypt_failed("verify a signature", code);
	return code == 0 && fits == 1 ? STATUS_OK : STATUS_MALFORMED;
}

static status wolfcrypt_p256_verify(const uint8_t key[static LINK_OWNER_KEY_SIZE],
				    const uint8_t digest[static LINK_HASH_SIZE],
				    const uint8_t signature[static LINK_SIGNATURE_SIZE])
{
	struct verification *work = malloc(sizeof *work);

	if (work == NULL)
		return report(STATUS_NO_MEMORY, "no memory to verify a signature");
	int code = wc_ecc_init(&work->key);
	if (code == 0)
		code = mp_init_multi(&work->r, &work->s, NULL, NULL, NULL, NULL);
	status result = code == 0 ? verify(work, key, digest, signature) : wolfcrypt_failed("verify a signature", code);
	if (code == 0)
		wc_ecc_free(&work->key);
	free(work);
	return result;
}

static status cpu_random(void *destination, size_t size)
{
	if (!rdrand_bytes(destination, size))
		return report(STATUS_IO, "RDRAND doesn't answer: this CPU can't make keys");
	return STATUS_OK;
}

/* wolfCrypt's own generator, where something asks for it, starts from the same place
 * (enclave/crypto/build names this function to it). */
int enclave_crypto_seed(unsigned char *output, unsigned int size)
{
	return rdrand_bytes(output, size) ? 0 : -1;
}

/* ipsec-mb's kernels note wrong arguments here; none are given, and nobody looks. The second is its
 * table of error numbers, longer than any of its releases has. */
int imb_errno;
const int imb_errno_types[256];

const struct link_primitives *enclave_primitives(bool use_vaes)
{
	static const struct link_primitives vaes = {
		.name = "wolfcrypt + ipsec-mb vaes",
		.sha256 = wolfcrypt_sha256,
		.hmac_sha256 = wolfcrypt_hmac_sha256,
		.x25519_public = wolfcrypt_x25519_public,
		.x25519_shared = wolfcrypt_x25519_shared,
		.aead_init = gcm_init_vaes,
		.aead_seal = gcm_seal_vaes,
		.aead_open = gcm_open_vaes,
		.gcm_stream = gcm_stream_vaes,
		.gcm_hash = gcm_hash_vaes,
		.xor_bytes = gcm_xor_vaes,
		.p256_verify = wolfcrypt_p256_verify,
		.random = cpu_random,
	};
	static const struct link_primitives sse = {
		.name = "wolfcrypt + ipsec-mb sse",
		.sha256 = wolfcrypt_sha256,
		.hmac_sha256 = wolfcrypt_hmac_sha256,
		.x25519_public = wolfcrypt_x25519_public,
		.x25519_shared = wolfcrypt_x25519_shared,
		.aead_init = gcm_init_sse,
		.aead_seal = gcm_seal_sse,
		.aead_open = gcm_open_sse,
		.gcm_stream = gcm_stream_sse,
		.gcm_hash = gcm_hash_sse,
		.xor_bytes = gcm_xor_sse,
		.p256_verify = wolfcrypt_p256_verify,
		.random = cpu_random,
	};

	return use_vaes ? &vaes : &sse;
}
