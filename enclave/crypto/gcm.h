/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AES-256-GCM by ipsec-mb's kernels, without its manager, which would ask CPUID. Members of
 * struct link_primitives: see there. */
#ifndef ENCLAVE_CRYPTO_GCM_H
#define ENCLAVE_CRYPTO_GCM_H

#include "link/primitives.h"

void gcm_init_vaes(struct link_aead_key *key, const uint8_t secret[static LINK_KEY_SIZE]);
status gcm_seal_vaes(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE],
		     struct span associated, struct span plain, uint8_t *ret_sealed);
status gcm_open_vaes(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE],
		     struct span associated, struct span sealed, uint8_t *ret_plain);
void gcm_stream_vaes(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE], size_t size,
		     uint8_t ret_mask[static LINK_TAG_SIZE], uint8_t *ret_stream);
void gcm_hash_vaes(const struct link_aead_key *key, struct span bytes, uint8_t hash[static LINK_TAG_SIZE]);
void gcm_xor_vaes(uint8_t *ret, const uint8_t *a, const uint8_t *b, size_t size);

void gcm_init_sse(struct link_aead_key *key, const uint8_t secret[static LINK_KEY_SIZE]);
status gcm_seal_sse(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE],
		    struct span associated, struct span plain, uint8_t *ret_sealed);
status gcm_open_sse(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE],
		    struct span associated, struct span sealed, uint8_t *ret_plain);
void gcm_stream_sse(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE], size_t size,
		    uint8_t ret_mask[static LINK_TAG_SIZE], uint8_t *ret_stream);
void gcm_hash_sse(const struct link_aead_key *key, struct span bytes, uint8_t hash[static LINK_TAG_SIZE]);
void gcm_xor_sse(uint8_t *ret, const uint8_t *a, const uint8_t *b, size_t size);

#endif
