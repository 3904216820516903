/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A revocation: the owner of a target takes back a grant before its time is over. Signed as grants are (ECDSA
 * P-256 over SHA-256), good for one source's one start, and taken from whoever brings it: it can only
 * take away. 104 bytes are signed, 64 of signature follow; little-endian:
 *
 *     0  "BZREVOK1"              8  u32 version (1)          12  u32 zero
 *    16  the grant's id (16)    32  u64 the grant is valid until
 *    40  source key (32)        72  source nonce (32)       104  signature: r, s
 */
#ifndef LINK_REVOCATION_H
#define LINK_REVOCATION_H

#include "link/grant.h"

enum {
	LINK_REVOCATION_BODY_SIZE = 104, /* what is signed */
	LINK_REVOCATION_SIZE = LINK_REVOCATION_BODY_SIZE + LINK_SIGNATURE_SIZE,
	LINK_REVOCATION_VERSION = 1,
	/* Whoever wants to know that the source itself has taken it sends a fresh X25519 key behind it. */
	LINK_REVOCATION_ASK_SIZE = LINK_REVOCATION_SIZE + LINK_KEY_SIZE,
	LINK_REVOCATION_PROOF_SIZE = LINK_HASH_SIZE,
};

struct link_revocation {
	uint8_t grant_id[LINK_GRANT_ID_SIZE];
	uint64_t valid_until; /* the grant's: the source remembers it so long */
	uint8_t source_key[START_KEY_SIZE];
	uint8_t source_nonce[START_NONCE_SIZE];
	uint8_t signature[LINK_SIGNATURE_SIZE]; /* r, s */
};

/* Sign in place. Faults of the primitives, and what the signer returns. */
MUST_USE status link_revocation_sign(struct link_revocation *revocation, const struct link_primitives *primitives,
				     link_signer signer, void *context);
/* Encode, signature included. STATUS_INTERNAL, reported. */
MUST_USE status link_revocation_encode(const struct link_revocation *revocation,
				       uint8_t encoded[static LINK_REVOCATION_SIZE]);
/* Decode; nothing is verified yet. STATUS_MALFORMED, reported. */
MUST_USE status link_revocation_decode(struct span encoded, struct link_revocation *ret_revocation);

/* What a source compares it with: its own key, its owner's key. STATUS_DENIED, reported: for another source, or not
 * signed by the owner. One with an earlier start's nonce is good: its grant is worth nothing already. */
MUST_USE status link_revocation_check(const struct link_revocation *revocation,
				      const struct link_primitives *primitives,
				      const uint8_t owner_key[static START_OWNER_KEY_SIZE],
				      const uint8_t source_key[static START_KEY_SIZE]);

/* What only the source, and who has asked it, can make: HMAC-SHA-256 of "Bartizan revoked 1", the encoded revocation
 * and the fresh key of the one who asks, with the shared secret (X25519) of that key and the source's. `secret` is
 * one's own, `peer` the other's public key, `asked` what was sent: the revocation and the fresh public key.
 * STATUS_DENIED, reported: the peer's key has low order. Faults of the primitives. */
MUST_USE status link_revocation_prove(const struct link_primitives *primitives,
				      const uint8_t secret[static LINK_KEY_SIZE],
				      const uint8_t peer[static LINK_KEY_SIZE],
				      const uint8_t asked[static LINK_REVOCATION_ASK_SIZE],
				      uint8_t ret_proof[static LINK_REVOCATION_PROOF_SIZE]);

#endif
