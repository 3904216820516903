/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/crypto/primitives.h"

#include <assert.h>
#include <bearssl.h>
#include <string.h>

#include "base/rdrand.h"
#include "base/report.h"

enum {
	POINT_SIZE = 1 + LINK_OWNER_KEY_SIZE, /* SEC 1, 2.3.3: 4, X, Y */
	POINT_UNCOMPRESSED = 4,
};

static_assert(sizeof(br_aes_x86ni_ctr_keys) <= LINK_AEAD_KEY_SIZE, "the schedule fits its place");

static status bear_sha256(const struct span *parts, size_t part_count, uint8_t ret_hash[static LINK_HASH_SIZE])
{
	br_sha256_context context;

	br_sha256_init(&context);
	for (size_t i = 0; i < part_count; i++)
		br_sha256_update(&context, parts[i].data, parts[i].size);
	br_sha256_out(&context, ret_hash);
	link_wipe(&context, sizeof context);
	return STATUS_OK;
}

static status bear_hmac_sha256(struct span key, const struct span *parts, size_t part_count,
			       uint8_t ret_mac[static LINK_HASH_SIZE])
{
	br_hmac_key_context scheduled;
	br_hmac_context context;

	br_hmac_key_init(&scheduled, &br_sha256_vtable, key.data, key.size);
	br_hmac_init(&context, &scheduled, 0);
	for (size_t i = 0; i < part_count; i++)
		br_hmac_update(&context, parts[i].data, parts[i].size);
	br_hmac_out(&context, ret_mac);
	link_wipe(&scheduled, sizeof scheduled);
	link_wipe(&context, sizeof context);
	return STATUS_OK;
}

/* BearSSL clamps a copy of the secret. */
static bool x25519(const uint8_t secret[static LINK_KEY_SIZE], uint8_t point[static LINK_KEY_SIZE])
{
	return br_ec_c25519_m31.mul(point, LINK_KEY_SIZE, secret, LINK_KEY_SIZE, BR_EC_curve25519) == 1;
}

static status bear_x25519_public(const uint8_t secret[static LINK_KEY_SIZE], uint8_t ret_public[static LINK_KEY_SIZE])
{
	uint8_t point[LINK_KEY_SIZE] = {9};

	if (!x25519(secret, point))
		return report(STATUS_INTERNAL, "BearSSL failed to multiply on Curve25519");
	memcpy(ret_public, point, sizeof point);
	return STATUS_OK;
}

static status bear_x25519_shared(const uint8_t secret[static LINK_KEY_SIZE], const uint8_t peer[static LINK_KEY_SIZE],
				 uint8_t ret_shared[static LINK_KEY_SIZE])
{
	static const uint8_t zeros[LINK_KEY_SIZE];
	uint8_t point[LINK_KEY_SIZE];

	memcpy(point, peer, sizeof point);
	if (!x25519(secret, point))
		return report(STATUS_INTERNAL, "BearSSL failed to multiply on Curve25519");
	if (link_equal(point, zeros, sizeof point))
		return STATUS_MALFORMED;
	memcpy(ret_shared, point, sizeof point);
	link_wipe(point, sizeof point);
	return STATUS_OK;
}

static void bear_aead_init(struct link_aead_key *key, const uint8_t secret[static LINK_KEY_SIZE])
{
	br_aes_x86ni_ctr_init((br_aes_x86ni_ctr_keys *)key->schedule, secret, LINK_KEY_SIZE);
}

/* A GCM context points to its key's place, and keys may be moved: so it lives for one message.
 * What that costs is one block of AES, for H. */
static void gcm_start(br_gcm_context *gcm, const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE],
		      struct span associated)
{
	const br_aes_x86ni_ctr_keys *keys = (const br_aes_x86ni_ctr_keys *)key->schedule;

	/* BearSSL's interface has no const there; it only reads. */
	br_gcm_init(gcm, (const br_block_ctr_class **)(uintptr_t)&keys->vtable, br_ghash_pclmul_get());
	br_gcm_reset(gcm, nonce, LINK_NONCE_SIZE);
	br_gcm_aad_inject(gcm, associated.data, associated.size);
	br_gcm_flip(gcm);
}

static status bear_aead_seal(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE],
			     struct span associated, struct span plain, uint8_t *ret_sealed)
{
	br_gcm_context gcm;

	gcm_start(&gcm, key, nonce, associated);
	if (ret_sealed != plain.data && plain.size > 0)
		memcpy(ret_sealed, plain.data, plain.size);
	br_gcm_run(&gcm, 1, ret_sealed, plain.size);
	br_gcm_get_tag(&gcm, ret_sealed + plain.size);
	link_wipe(&gcm, sizeof gcm);
	return STATUS_OK;
}

static status bear_aead_open(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE],
			     struct span associated, struct span sealed, uint8_t *ret_plain)
{
	br_gcm_context gcm;
	uint8_t tag[LINK_TAG_SIZE];

	if (sealed.size < LINK_TAG_SIZE)
		return STATUS_MALFORMED;
	size_t size = sealed.size - LINK_TAG_SIZE;
	memcpy(tag, sealed.data + size, sizeof tag);
	gcm_start(&gcm, key, nonce, associated);
	if (ret_plain != sealed.data && size > 0)
		memcpy(ret_plain, sealed.data, size);
	br_gcm_run(&gcm, 0, ret_plain, size);
	bool fits = br_gcm_check_tag(&gcm, tag) == 1;
	link_wipe(&gcm, sizeof gcm);
	if (!fits && size > 0)
		memset(ret_plain, 0, size);
	return fits ? STATUS_OK : STATUS_MALFORMED;
}

static bool is_zero(const uint8_t *number)
{
	static const uint8_t zeros[LINK_SIGNATURE_SIZE / 2];

	return memcmp(number, zeros, sizeof zeros) == 0;
}

static status bear_p256_verify(const uint8_t key[static LINK_OWNER_KEY_SIZE],
			       const uint8_t digest[static LINK_HASH_SIZE],
			       const uint8_t signature[static LINK_SIGNATURE_SIZE])
{
	uint8_t point[POINT_SIZE] = {POINT_UNCOMPRESSED};
	const br_ec_public_key public_key = {.curve = BR_EC_secp256r1, .q = point, .qlen = sizeof point};

	memcpy(point + 1, key, LINK_OWNER_KEY_SIZE);
	/* FIPS 186-5, 6.4.2: r and s in [1, n - 1]. The upper bound BearSSL checks itself. */
	if (is_zero(signature) || is_zero(signature + LINK_SIGNATURE_SIZE / 2))
		return STATUS_MALFORMED;
	return br_ecdsa_i31_vrfy_raw(&br_ec_p256_m31, digest, LINK_HASH_SIZE, &public_key, signature,
				     LINK_SIGNATURE_SIZE) == 1
		       ? STATUS_OK
		       : STATUS_MALFORMED;
}

status firmware_random_from(bool (*draw)(void *destination, size_t size), void *destination, size_t size)
{
	uint64_t words[4];

	if (!draw(words, sizeof words) || !draw(destination, size))
		return report(STATUS_IO, "RDRAND doesn't answer: this CPU can't make keys");
	const bool varies = words[0] != words[1] || words[0] != words[2] || words[0] != words[3];
	link_wipe(words, sizeof words);
	if (!varies)
		return report(STATUS_IO, "RDRAND says the same number again and again: this CPU can't make keys");
	return STATUS_OK;
}

static status cpu_random(void *destination, size_t size)
{
	return firmware_random_from(rdrand_bytes, destination, size);
}

/* CPUID.01H:ECX.RDRAND[bit 30] (Intel SDM vol. 2A, CPUID): without it the instruction is #UD, and in firmware that is
 * the machine's end. */
static bool cpu_has_rdrand(void)
{
	uint32_t eax = 1, ebx, ecx = 0, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return (ecx >> 30 & 1) != 0;
}

status firmware_primitives(const struct link_primitives **ret_primitives)
{
	static const struct link_primitives primitives = {
		.name = "bearssl aes-ni",
		.sha256 = bear_sha256,
		.hmac_sha256 = bear_hmac_sha256,
		.x25519_public = bear_x25519_public,
		.x25519_shared = bear_x25519_shared,
		.aead_init = bear_aead_init,
		.aead_seal = bear_aead_seal,
		.aead_open = bear_aead_open,
		.p256_verify = bear_p256_verify,
		.random = cpu_random,
	};
	uint8_t probe;

	if (br_aes_x86ni_ctr_get_vtable() == NULL || br_ghash_pclmul_get() == NULL)
		return report(STATUS_UNSUPPORTED, "this CPU has no AES-NI or no PCLMULQDQ");
	if (!cpu_has_rdrand() || cpu_random(&probe, sizeof probe) != STATUS_OK)
		return report(STATUS_UNSUPPORTED, "this CPU has no RDRAND that answers: it can't make keys");
	*ret_primitives = &primitives;
	return STATUS_OK;
}
