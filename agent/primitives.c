/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <intel-ipsec-mb.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <string.h>

#include "agent/primitives.h"
#include "base/report.h"

static_assert(sizeof(struct gcm_key_data) <= LINK_AEAD_KEY_SIZE, "an ipsec-mb key schedule fits");

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

static status openssl_sha256(const struct span *parts, size_t part_count, uint8_t ret_hash[static LINK_HASH_SIZE])
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

static status openssl_hmac_sha256(struct span key, const struct span *parts, size_t part_count,
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

static status openssl_x25519_public(const uint8_t secret[static LINK_KEY_SIZE],
				    uint8_t ret_public[static LINK_KEY_SIZE])
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

static status openssl_x25519_shared(const uint8_t secret[static LINK_KEY_SIZE],
				    const uint8_t peer[static LINK_KEY_SIZE], uint8_t ret_shared[static LINK_KEY_SIZE])
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

static status openssl_p256_verify(const uint8_t key[static LINK_OWNER_KEY_SIZE],
				  const uint8_t digest[static LINK_HASH_SIZE],
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

static status openssl_random(void *destination, size_t size)
{
	if (size > INT32_MAX || RAND_priv_bytes(destination, (int)size) != 1)
		return report(STATUS_IO, "OpenSSL has no random numbers: is getrandom() there?");
	return STATUS_OK;
}

/* AES-256-GCM, once per manager: a manager is a table of functions for one kind of CPU. */
static void gcm_init(const IMB_MGR *manager, struct link_aead_key *key, const uint8_t *secret)
{
	IMB_AES256_GCM_PRE(manager, secret, (struct gcm_key_data *)key->schedule);
}

/* Where a function of ipsec-mb gets a pointer to nothing, it doesn't like NULL. */
static const uint8_t *some_address(struct span bytes)
{
	static const uint8_t nothing[1];

	return bytes.size > 0 ? bytes.data : nothing;
}

static status gcm_seal(const IMB_MGR *manager, const struct link_aead_key *key, const uint8_t *nonce,
		       struct span associated, struct span plain, uint8_t *ret_sealed)
{
	struct gcm_context_data context;

	IMB_AES256_GCM_ENC(manager, (const struct gcm_key_data *)key->schedule, &context, ret_sealed,
			   some_address(plain), plain.size, nonce, some_address(associated), associated.size,
			   ret_sealed + plain.size, LINK_TAG_SIZE);
	return STATUS_OK;
}

static status gcm_open(const IMB_MGR *manager, const struct link_aead_key *key, const uint8_t *nonce,
		       struct span associated, struct span sealed, uint8_t *ret_plain)
{
	struct gcm_context_data context;
	uint8_t tag[LINK_TAG_SIZE];

	if (sealed.size < LINK_TAG_SIZE)
		return STATUS_MALFORMED;
	size_t size = sealed.size - LINK_TAG_SIZE;
	IMB_AES256_GCM_DEC(manager, (const struct gcm_key_data *)key->schedule, &context, ret_plain, sealed.data, size,
			   nonce, some_address(associated), associated.size, tag, sizeof tag);
	if (link_equal(tag, sealed.data + size, sizeof tag))
		return STATUS_OK;
	memset(ret_plain, 0, size);
	return STATUS_MALFORMED;
}

static IMB_MGR *best_manager, *sse_manager;

#define GCM_FUNCTIONS(manager)                                                                                     \
	static void manager##_init(struct link_aead_key *key, const uint8_t secret[static LINK_KEY_SIZE])          \
	{                                                                                                          \
		gcm_init(manager, key, secret);                                                                    \
	}                                                                                                          \
	static status manager##_seal(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE], \
				     struct span associated, struct span plain, uint8_t *ret_sealed)               \
	{                                                                                                          \
		return gcm_seal(manager, key, nonce, associated, plain, ret_sealed);                               \
	}                                                                                                          \
	static status manager##_open(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE], \
				     struct span associated, struct span sealed, uint8_t *ret_plain)               \
	{                                                                                                          \
		return gcm_open(manager, key, nonce, associated, sealed, ret_plain);                               \
	}

GCM_FUNCTIONS(best_manager)
GCM_FUNCTIONS(sse_manager)

#define PRIMITIVES(manager, table_name)          \
	{.name = table_name,                     \
	 .sha256 = openssl_sha256,               \
	 .hmac_sha256 = openssl_hmac_sha256,     \
	 .x25519_public = openssl_x25519_public, \
	 .x25519_shared = openssl_x25519_shared, \
	 .aead_init = manager##_init,            \
	 .aead_seal = manager##_seal,            \
	 .aead_open = manager##_open,            \
	 .p256_verify = openssl_p256_verify,     \
	 .random = openssl_random}

static struct link_primitives best = PRIMITIVES(best_manager, "openssl + ipsec-mb");
static const struct link_primitives sse = PRIMITIVES(sse_manager, "openssl + ipsec-mb sse");

static IMB_MGR *make_manager(void (*init)(IMB_MGR *))
{
	IMB_MGR *manager = alloc_mb_mgr(0);

	if (manager == NULL)
		return NULL;
	init(manager);
	if (imb_get_errno(manager) == 0)
		return manager;
	free_mb_mgr(manager);
	return NULL;
}

static void init_best(IMB_MGR *manager)
{
	IMB_ARCH arch = IMB_ARCH_NONE;

	init_mb_mgr_auto(manager, &arch);
	if (arch == IMB_ARCH_AVX512)
		best.name = "openssl + ipsec-mb avx512";
	else if (arch == IMB_ARCH_AVX2)
		best.name = "openssl + ipsec-mb avx2";
}

static void make_managers(void)
{
	best_manager = make_manager(init_best);
	sse_manager = make_manager(init_mb_mgr_sse);
}

/* Both managers, for the life of the process. */
static bool have_managers(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_managers);
	return best_manager != NULL && sse_manager != NULL;
}

status agent_primitives(const struct link_primitives **ret_primitives)
{
	if (!have_managers())
		return report(STATUS_UNSUPPORTED,
			      "ipsec-mb can't work on this CPU: the link needs AES-NI and PCLMULQDQ");
	*ret_primitives = &best;
	return STATUS_OK;
}

status agent_primitives_sse(const struct link_primitives **ret_primitives)
{
	const struct link_primitives *unused;

	TRY(agent_primitives(&unused));
	*ret_primitives = &sse;
	return STATUS_OK;
}
