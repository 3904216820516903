/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of a record's sealing and opening that needs nothing of the record: its keystream.
 *
 * GCM is counter mode and a hash over the ciphertext. The keystream depends on the key and the nonce
 * alone, and the nonce is the record's number; so an end that waits for the other one can make the next records'
 * keystreams meanwhile. What is left to do once a record is there, combining and hashing, takes
 * less than half as long. The bytes on the wire are the same.
 *
 * A keystream is as secret as the record that it is for. It is taken once, for the number that it was
 * made for, and never again, whatever becomes of the record.
 */
#ifndef LINK_AHEAD_H
#define LINK_AHEAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "link/primitives.h"

enum {
	/* A page and its head. What a longer one brings takes longer to collect than to seal. */
	LINK_AHEAD_SIZE = 4416,
	/* Shorter ones are sealed as fast in one go as in halves. */
	LINK_AHEAD_SIZE_MIN = 512,
};

/* For one record. */
struct link_stream {
	uint64_t counter; /* the record's */
	bool is_ready;
	size_t size;
	uint8_t mask[LINK_TAG_SIZE]; /* E(K, J0): the tag is the hash combined with it */
	_Alignas(64) uint8_t bytes[LINK_AHEAD_SIZE];
};

/* For the next record of each direction. All zeros at the start. */
struct link_ahead {
	struct link_stream send, receive;
};

/* Make the keystream of the record `counter`, of at most LINK_AHEAD_SIZE bytes, unless it's there. Needs
 * link_primitives_have_streams(). */
void link_stream_make(struct link_stream *stream, const struct link_primitives *primitives,
		      const struct link_aead_key *key, uint64_t counter, size_t size);

/* Is there a keystream for this record, and is it long enough? Then it's the caller's, this once. */
bool link_stream_take(struct link_stream *stream, uint64_t counter, size_t size);

/* As aead_seal, for a record whose keystream was taken. */
void link_stream_seal(const struct link_stream *stream, const struct link_primitives *primitives,
		      const struct link_aead_key *key, struct span associated, struct span plain, uint8_t *ret_sealed);
/* As aead_open, for a record whose keystream was taken, but in the other order: nothing is deciphered before the tag
 * was found to fit. */
MUST_USE status link_stream_open(const struct link_stream *stream, const struct link_primitives *primitives,
				 const struct link_aead_key *key, struct span associated, struct span sealed,
				 uint8_t *ret_plain);

#endif
