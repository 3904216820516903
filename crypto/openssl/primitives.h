/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The link's primitives but for its cipher, by OpenSSL 3: what an agent and a verifier have in common. Each is as
 * link/primitives.h says of the member of its name. Any thread.
 */
#ifndef CRYPTO_OPENSSL_PRIMITIVES_H
#define CRYPTO_OPENSSL_PRIMITIVES_H

#include "base/reader.h"
#include "base/status.h"
#include "link/primitives.h"

MUST_USE status openssl_sha256(const struct span *parts, size_t part_count, uint8_t ret_hash[static LINK_HASH_SIZE]);
MUST_USE status openssl_hmac_sha256(struct span key, const struct span *parts, size_t part_count,
				    uint8_t ret_mac[static LINK_HASH_SIZE]);
MUST_USE status openssl_x25519_public(const uint8_t secret[static LINK_KEY_SIZE],
				      uint8_t ret_public[static LINK_KEY_SIZE]);
MUST_USE status openssl_x25519_shared(const uint8_t secret[static LINK_KEY_SIZE],
				      const uint8_t peer[static LINK_KEY_SIZE],
				      uint8_t ret_shared[static LINK_KEY_SIZE]);
MUST_USE status openssl_p256_verify(const uint8_t key[static LINK_OWNER_KEY_SIZE],
				    const uint8_t digest[static LINK_HASH_SIZE],
				    const uint8_t signature[static LINK_SIGNATURE_SIZE]);
MUST_USE status openssl_random(void *destination, size_t size);

#endif
