/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <intel-ipsec-mb.h>
#include <pthread.h>
#include <string.h>

#include "agent/primitives.h"
#include "base/report.h"
#include "base/xor.h"
#include "crypto/openssl/primitives.h"

static_assert(sizeof(struct gcm_key_data) <= LINK_AEAD_KEY_SIZE, "an ipsec-mb key schedule fits");

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

/* Sealed, zeros are the keystream, and nothing's tag is the mask: its hash is zeros. Nobody else gets to see
 * either, so that the record itself is the nonce's only use. */
static void gcm_stream(const IMB_MGR *manager, const struct link_aead_key *key, const uint8_t *nonce, size_t size,
		       uint8_t *ret_mask, uint8_t *ret_stream)
{
	const struct gcm_key_data *schedule = (const struct gcm_key_data *)key->schedule;
	const uint8_t *nothing = some_address((struct span){0});
	struct gcm_context_data context;
	uint8_t unused[LINK_TAG_SIZE];

	memset(ret_stream, 0, size);
	IMB_AES256_GCM_ENC(manager, schedule, &context, ret_stream, ret_stream, size, nonce, nothing, 0, unused,
			   sizeof unused);
	IMB_AES256_GCM_ENC(manager, schedule, &context, unused, nothing, 0, nonce, nothing, 0, ret_mask, LINK_TAG_SIZE);
}

static void gcm_hash(const IMB_MGR *manager, const struct link_aead_key *key, struct span bytes, uint8_t *hash)
{
	if (bytes.size > 0)
		IMB_GHASH(manager, (const struct gcm_key_data *)key->schedule, bytes.data, bytes.size, hash,
			  LINK_TAG_SIZE);
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
	}                                                                                                          \
	static void manager##_stream(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE], \
				     size_t size, uint8_t ret_mask[static LINK_TAG_SIZE], uint8_t *ret_stream)     \
	{                                                                                                          \
		gcm_stream(manager, key, nonce, size, ret_mask, ret_stream);                                       \
	}                                                                                                          \
	static void manager##_hash(const struct link_aead_key *key, struct span bytes,                             \
				   uint8_t hash[static LINK_TAG_SIZE])                                             \
	{                                                                                                          \
		gcm_hash(manager, key, bytes, hash);                                                               \
	}

GCM_FUNCTIONS(best_manager)
GCM_FUNCTIONS(sse_manager)

static void xor_narrow(uint8_t *ret, const uint8_t *a, const uint8_t *b, size_t size)
{
	xor_bytes(ret, a, b, size);
}

static void xor_wide(uint8_t *ret, const uint8_t *a, const uint8_t *b, size_t size)
{
	xor_bytes_avx512(ret, a, b, size);
}

#define PRIMITIVES(manager, table_name)          \
	{.name = table_name,                     \
	 .sha256 = openssl_sha256,               \
	 .hmac_sha256 = openssl_hmac_sha256,     \
	 .x25519_public = openssl_x25519_public, \
	 .x25519_shared = openssl_x25519_shared, \
	 .aead_init = manager##_init,            \
	 .aead_seal = manager##_seal,            \
	 .aead_open = manager##_open,            \
	 .gcm_stream = manager##_stream,         \
	 .gcm_hash = manager##_hash,             \
	 .xor_bytes = xor_narrow,                \
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
	if (arch == IMB_ARCH_AVX512) {
		best.name = "openssl + ipsec-mb avx512";
		best.xor_bytes = xor_wide;
	}
	if (arch == IMB_ARCH_AVX2)
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
