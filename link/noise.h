/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Noise_IK_25519_AESGCM_SHA256: The Noise Protocol Framework, revision 34, this one
 * pattern of it and nothing else.
 *
 *   <- s
 *   ...
 *   -> e, es, s, ss
 *   <- e, ee, se
 *
 * Names below are the specification's. Users want link/session.h; this is apart so
 * that it can be checked against the published vectors.
 */
#ifndef LINK_NOISE_H
#define LINK_NOISE_H

#include "base/reader.h"
#include "base/status.h"
#include "link/primitives.h"

enum {
	/* e, s and its tag, the payload's tag. */
	LINK_NOISE_FIRST_SIZE = LINK_KEY_SIZE + LINK_KEY_SIZE + LINK_TAG_SIZE + LINK_TAG_SIZE,
	/* e, the payload's tag. */
	LINK_NOISE_SECOND_SIZE = LINK_KEY_SIZE + LINK_TAG_SIZE,
};

/* HandshakeState with its SymmetricState. All of it is secret. */
struct link_noise {
	const struct link_primitives *primitives;
	struct link_key_pair own; /* s */
	struct link_key_pair ephemeral; /* e */
	uint8_t peer[LINK_KEY_SIZE]; /* rs */
	uint8_t peer_ephemeral[LINK_KEY_SIZE]; /* re */
	uint8_t chaining_key[LINK_HASH_SIZE]; /* ck */
	uint8_t hash[LINK_HASH_SIZE]; /* h */
	uint8_t key[LINK_KEY_SIZE]; /* k */
	uint64_t nonce; /* n */
};

/* HKDF(chaining_key, input, 2) of the specification, section 4.3. As hmac_sha256. */
MUST_USE status link_noise_hkdf(const struct link_primitives *primitives,
				const uint8_t chaining_key[static LINK_HASH_SIZE], struct span input,
				uint8_t ret_first[static LINK_HASH_SIZE], uint8_t ret_second[static LINK_HASH_SIZE]);

/* Initialize(): `peer` is the responder's static key; an initiator's ephemeral key is made here
 * from primitives->random. All faults of the primitives. */
MUST_USE status link_noise_init_initiator(struct link_noise *noise, const struct link_primitives *primitives,
					  const struct link_key_pair *own, const uint8_t peer[static LINK_KEY_SIZE],
					  struct span prologue);
MUST_USE status link_noise_init_responder(struct link_noise *noise, const struct link_primitives *primitives,
					  const struct link_key_pair *own, struct span prologue);
/* A responder's ephemeral key, before it writes: it takes as long as an agreement, which whoever sends a first message
 * that isn't answered isn't worth. As link_key_pair_init(). */
MUST_USE status link_noise_make_ephemeral(struct link_noise *noise);
/* Forget everything. */
void link_noise_deinit(struct link_noise *noise);

/* WriteMessage() and ReadMessage() of both messages. `ret_message` holds payload.size +
 * LINK_NOISE_…_SIZE bytes, `ret_payload` message.size - LINK_NOISE_…_SIZE. Reading:
 * STATUS_MALFORMED, not reported: too short, a key of low order, or a tag that
 * doesn't fit; the state is of no use afterwards. */
MUST_USE status link_noise_write_first(struct link_noise *noise, struct span payload, uint8_t *ret_message);
MUST_USE status link_noise_read_first(struct link_noise *noise, struct span message, uint8_t *ret_payload);
MUST_USE status link_noise_write_second(struct link_noise *noise, struct span payload, uint8_t *ret_message);
MUST_USE status link_noise_read_second(struct link_noise *noise, struct span message, uint8_t *ret_payload);

/* Split(): the key for initiator → responder, then the other. */
MUST_USE status link_noise_split(const struct link_noise *noise, uint8_t ret_there[static LINK_KEY_SIZE],
				 uint8_t ret_back[static LINK_KEY_SIZE]);

/* REKEY(key), in place: section 4.2. */
MUST_USE status link_noise_rekey(const struct link_primitives *primitives, uint8_t key[static LINK_KEY_SIZE]);

/* AESGCM's nonce, section 12.4: four zero bytes, then the counter, big-endian. */
void link_noise_nonce(uint64_t counter, uint8_t ret_nonce[static LINK_NONCE_SIZE]);

#endif
