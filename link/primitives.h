/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cryptography that the link needs, as a table that its user passes in:
 * wolfCrypt and ipsec-mb in an enclave, OpenSSL and ipsec-mb in the agent, what a
 * firmware has in a firmware. link/ itself holds none, and no state outside the
 * caller's storage.
 *
 * All byte strings are as their standards write them: X25519 keys little-endian
 * (RFC 7748), P-256 coordinates and signatures big-endian (SEC 1, without the
 * leading 4; r and s each 32 bytes).
 */
#ifndef LINK_PRIMITIVES_H
#define LINK_PRIMITIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "link/aead-room.h"

enum {
	LINK_KEY_SIZE = 32, /* X25519, secret and public; AES-256 */
	LINK_HASH_SIZE = 32, /* SHA-256 */
	LINK_TAG_SIZE = 16,
	LINK_NONCE_SIZE = 12,
	LINK_OWNER_KEY_SIZE = 64, /* P-256: X, Y */
	LINK_SIGNATURE_SIZE = 64, /* ECDSA P-256: r, s */
};

/* An AES-256-GCM key, scheduled. What is in it is the primitives' business; it is
 * secret, and may be copied and wiped as bytes. */
struct link_aead_key {
	_Alignas(64) uint8_t schedule[LINK_AEAD_KEY_SIZE];
};

struct link_primitives {
	/* For messages and measurements: "openssl + ipsec-mb vaes". */
	const char *name;

	/* SHA-256 (FIPS 180-4) of the parts, one after the other. STATUS_INTERNAL,
	 * reported, if the library fails (no memory). */
	status (*sha256)(const struct span *parts, size_t part_count, uint8_t ret_hash[static LINK_HASH_SIZE]);
	/* HMAC-SHA-256 (RFC 2104) of the parts. The key has 1 to 64 bytes. As sha256. */
	status (*hmac_sha256)(struct span key, const struct span *parts, size_t part_count,
			      uint8_t ret_mac[static LINK_HASH_SIZE]);

	/* RFC 7748; the secret is clamped by the function. Constant time.
	 * STATUS_INTERNAL, reported, if the library fails. */
	status (*x25519_public)(const uint8_t secret[static LINK_KEY_SIZE], uint8_t ret_public[static LINK_KEY_SIZE]);
	/* As above. STATUS_MALFORMED, not reported: the result is all zeros, so the
	 * peer's key is a point of low order (RFC 7748, 6.1). */
	status (*x25519_shared)(const uint8_t secret[static LINK_KEY_SIZE], const uint8_t peer[static LINK_KEY_SIZE],
				uint8_t ret_shared[static LINK_KEY_SIZE]);

	/* Schedule a key (NIST SP 800-38D with AES-256). */
	void (*aead_init)(struct link_aead_key *key, const uint8_t secret[static LINK_KEY_SIZE]);
	/* Seal `plain` to plain.size bytes at `ret_sealed` and the tag behind them.
	 * The two may be the same bytes, but not overlap otherwise. Never with one
	 * nonce twice: the caller's duty. STATUS_INTERNAL, reported, if the library fails. */
	status (*aead_seal)(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE],
			    struct span associated, struct span plain, uint8_t *ret_sealed);
	/* Open `sealed` (with its tag: LINK_TAG_SIZE bytes at least, or the answer is
	 * STATUS_MALFORMED) into sealed.size - LINK_TAG_SIZE bytes. STATUS_MALFORMED, not
	 * reported: the tag doesn't fit; `ret_plain` is zeros then, nobody gets to see
	 * what wasn't authentic. In place as aead_seal. The tags are compared in constant time. */
	status (*aead_open)(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE],
			    struct span associated, struct span sealed, uint8_t *ret_plain);

	/* The two halves of AES-GCM, for whoever makes the one before the other's input is there (link/ahead.h). All
	 * three are NULL where a library has no parts of it.
	 *
	 * What a record is combined with: `size` bytes at `ret_stream`, and at `ret_mask` what its hash is (E(K, J0)).
	 * Both secret. */
	void (*gcm_stream)(const struct link_aead_key *key, const uint8_t nonce[static LINK_NONCE_SIZE], size_t size,
			   uint8_t ret_mask[static LINK_TAG_SIZE], uint8_t *ret_stream);
	/* GHASH of `hash`, which is changed, and the bytes, with zeros up to a multiple of 16. */
	void (*gcm_hash)(const struct link_aead_key *key, struct span bytes, uint8_t hash[static LINK_TAG_SIZE]);
	/* Each byte of `ret` is that of `a` combined with that of `b`. `ret` may be one of them. */
	void (*xor_bytes)(uint8_t *ret, const uint8_t *a, const uint8_t *b, size_t size);

	/* ECDSA over P-256 (FIPS 186-5) and a SHA-256 digest. All public, so not
	 * constant time. STATUS_MALFORMED, not reported: the key isn't a point of the
	 * curve, r or s isn't in [1, n - 1], or the signature doesn't fit. Both s and
	 * n - s are accepted, as the standard says. STATUS_INTERNAL, reported, if the
	 * library fails. */
	status (*p256_verify)(const uint8_t key[static LINK_OWNER_KEY_SIZE],
			      const uint8_t digest[static LINK_HASH_SIZE],
			      const uint8_t signature[static LINK_SIGNATURE_SIZE]);

	/* Random bytes fit for keys. STATUS_IO, reported, where there are none. */
	status (*random)(void *destination, size_t size);
};

/* Has it both halves of AES-GCM? */
bool link_primitives_have_streams(const struct link_primitives *primitives);

/* A static key: X25519. */
struct link_key_pair {
	uint8_t secret[LINK_KEY_SIZE];
	uint8_t public[LINK_KEY_SIZE];
};

/* A fresh pair. As primitives->random and ->x25519_public. */
MUST_USE status link_key_pair_init(struct link_key_pair *pair, const struct link_primitives *primitives);
/* The pair of a secret that was kept. As primitives->x25519_public. */
MUST_USE status link_key_pair_init_secret(struct link_key_pair *pair, const struct link_primitives *primitives,
					  const uint8_t secret[static LINK_KEY_SIZE]);
/* Forget both. */
void link_key_pair_deinit(struct link_key_pair *pair);

/* Overwrite secrets; the compiler may not leave it out. */
void link_wipe(void *secret, size_t size);
/* Are both equal? Takes the same time whether they are or not. */
bool link_equal(const void *a, const void *b, size_t size);

#endif
