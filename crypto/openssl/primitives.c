/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "crypto/openssl/primitives.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/report.h"

static void free_digest(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

static void free_mac(EVP_MAC **mac)
{
	EVP_MAC_free(*mac);
}

static void free_mac_context(EVP_MAC_CTX **context)
{
	EVP_MAC_CTX_free(*context);
}

static void free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void free_key_context(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
}

static void free_signature(ECDSA_SIG **signature)
{
	ECDSA_SIG_free(*signature);
}

static status openssl_failed(const char *what)
{
	return report(STATUS_INTERNAL, "OpenSSL failed to %s: out of memory, or a provider is missing", what);
}

status openssl_sha256(const struct span *parts, size_t part_count, uint8_t ret_hash[static LINK_HASH_SIZE])
{
	__attribute__((cleanup(free_digest))) EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t hash[LINK_HASH_SIZE];
	bool ok = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; ok && i < part_count; i++)
		ok = EVP_DigestUpdate(context, parts[i].data, parts[i].size) == 1;
	if (!ok || EVP_DigestFinal_ex(context, hash, NULL) != 1)
		return openssl_failed("hash");
	memcpy(ret_hash, hash, sizeof hash);
	return STATUS_OK;
}

status openssl_hmac_sha256(struct span key, const struct span *parts, size_t part_count,
			   uint8_t ret_mac[static LINK_HASH_SIZE])
{
	__attribute__((cleanup(free_mac))) EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	__attribute__((cleanup(free_mac_context))) EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
	char digest[] = "SHA256";
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	bool ok = context != NULL && EVP_MAC_init(context, key.data, key.size, parameters) == 1;

	for (size_t i = 0; ok && i < part_count; i++)
		ok = EVP_MAC_update(context, parts[i].data, parts[i].size) == 1;
	if (!ok || EVP_MAC_final(context, ret_mac, NULL, LINK_HASH_SIZE) != 1)
		return openssl_failed("authenticate");
	return STATUS_OK;
}

status openssl_x25519_public(const uint8_t secret[static LINK_KEY_SIZE], uint8_t ret_public[static LINK_KEY_SIZE])
{
	__attribute__((cleanup(free_key))) EVP_PKEY *key =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, LINK_KEY_SIZE);
	uint8_t public[LINK_KEY_SIZE];
	size_t size = sizeof public;

	if (key == NULL || EVP_PKEY_get_raw_public_key(key, public, &size) != 1 || size != sizeof public)
		return openssl_failed("make an X25519 key");
	memcpy(ret_public, public, sizeof public);
	return STATUS_OK;
}

status openssl_x25519_shared(const uint8_t secret[static LINK_KEY_SIZE], const uint8_t peer[static LINK_KEY_SIZE],
			     uint8_t ret_shared[static LINK_KEY_SIZE])
{
	static const uint8_t zeros[LINK_KEY_SIZE];
	__attribute__((cleanup(free_key))) EVP_PKEY *own =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, LINK_KEY_SIZE);
	__attribute__((cleanup(free_key))) EVP_PKEY *other =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, peer, LINK_KEY_SIZE);
	__attribute__((cleanup(free_key_context))) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(own, NULL);
	uint8_t shared[LINK_KEY_SIZE];
	size_t size = sizeof shared;

	/* Without validation of the peer here: it would turn the one failure that has a
	 * meaning, a result of zeros, into any other. */
	if (context == NULL || other == NULL || EVP_PKEY_derive_init(context) != 1 ||
	    EVP_PKEY_derive_set_peer_ex(context, other, 0) != 1)
		return openssl_failed("prepare an X25519 agreement");
	/* OpenSSL refuses a result of zeros itself; nothing else can fail any more. */
	if (EVP_PKEY_derive(context, shared, &size) != 1 || size != sizeof shared ||
	    link_equal(shared, zeros, sizeof shared))
		return STATUS_MALFORMED;
	memcpy(ret_shared, shared, sizeof shared);
	link_wipe(shared, sizeof shared);
	return STATUS_OK;
}

/* NULL: no point of the curve (or no memory). */
static EVP_PKEY *make_p256_key(const uint8_t key[static LINK_OWNER_KEY_SIZE])
{
	__attribute__((cleanup(free_key_context))) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	uint8_t point[1 + LINK_OWNER_KEY_SIZE] = {4};
	char group[] = "prime256v1";
	EVP_PKEY *made = NULL;

	memcpy(point + 1, key, LINK_OWNER_KEY_SIZE);
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
		OSSL_PARAM_construct_end(),
	};
	if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &made, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		return NULL;
	return made;
}

/* r | s as DER. Returns its size, 0 without memory. */
static int make_der_signature(const uint8_t signature[static LINK_SIGNATURE_SIZE], uint8_t **ret_der)
{
	__attribute__((cleanup(free_signature))) ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature, LINK_SIGNATURE_SIZE / 2, NULL);
	BIGNUM *s = BN_bin2bn(signature + LINK_SIGNATURE_SIZE / 2, LINK_SIGNATURE_SIZE / 2, NULL);

	if (pair == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return 0;
	}
	int size = i2d_ECDSA_SIG(pair, ret_der);
	return size > 0 ? size : 0;
}

status openssl_p256_verify(const uint8_t key[static LINK_OWNER_KEY_SIZE], const uint8_t digest[static LINK_HASH_SIZE],
			   const uint8_t signature[static LINK_SIGNATURE_SIZE])
{
	__attribute__((cleanup(free_key))) EVP_PKEY *public = make_p256_key(key);
	__attribute__((cleanup(free_key_context))) EVP_PKEY_CTX *context = NULL;
	uint8_t *der = NULL;

	if (public == NULL)
		return STATUS_MALFORMED;
	context = EVP_PKEY_CTX_new(public, NULL);
	int size = make_der_signature(signature, &der);
	if (size == 0 || context == NULL || EVP_PKEY_verify_init(context) != 1) {
		OPENSSL_free(der);
		return openssl_failed("prepare a verification");
	}
	bool fits = EVP_PKEY_verify(context, der, (size_t)size, digest, LINK_HASH_SIZE) == 1;
	OPENSSL_free(der);
	return fits ? STATUS_OK : STATUS_MALFORMED;
}

status openssl_random(void *destination, size_t size)
{
	if (size > INT32_MAX || RAND_priv_bytes(destination, (int)size) != 1)
		return report(STATUS_IO, "OpenSSL has no random numbers: is getrandom() there?");
	return STATUS_OK;
}
