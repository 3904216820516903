/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One sealed conversation between an enclave (initiator) and a source (responder),
 * over whatever carries messages in order, one there and one back. docs/link.md has
 * the bytes and the reasons.
 *
 *   enclave                                      source
 *   link_session_init_initiator
 *   link_session_first        ── FIRST ──▶       link_session_accept
 *   link_session_second       ◀── SECOND ──      link_session_answer
 *   link_seal                 ── RECORD ──▶      link_open: now it is proven
 *   link_open                 ◀── RECORD ──      link_seal
 *   link_close                ── CLOSE ──▶       link_open: STATUS_END
 *
 * FIRST can be a replay of an old one: whoever sends it needs no secret. So a source
 * reads nothing of its target and gives nothing away before
 * link_session_is_proven(), which holds from the first record that opens.
 *
 * Any record that isn't exactly the next one of the peer ends the session: the fault is
 * reported once, in words, and every later call returns it again. A caller that sees
 * the transport end without STATUS_END from link_open() has seen a truncation and
 * says so.
 *
 * No call allocates memory or waits. One thread at a time per session.
 */
#ifndef LINK_SESSION_H
#define LINK_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "link/ahead.h"
#include "link/message.h"
#include "link/noise.h"
#include "link/primitives.h"
#include "wire/start.h"

enum {
	/* What a sealed message is longer than its content. */
	LINK_SEAL_OVERHEAD = LINK_HEAD_SIZE + LINK_TAG_SIZE,
	LINK_FIRST_OVERHEAD = LINK_HEAD_SIZE + START_TARGET_SIZE + LINK_NOISE_FIRST_SIZE,
	LINK_SECOND_OVERHEAD = LINK_HEAD_SIZE + LINK_NOISE_SECOND_SIZE,
	/* A grant, with room to grow: a source copies no more than this from somebody
	 * whom it doesn't know. */
	LINK_PAYLOAD_SIZE_MAX = 1024,
	/* Noise REKEY() before the records with these counters' multiples, in each direction by
	 * itself. At 1 MiB a record it is 2^29 blocks under one key; NIST SP 800-38D
	 * and RFC 8446, 5.5 ask for less than 2^32 or so. */
	LINK_REKEY_RECORDS = 1 << 13,
};

/* What both ends must agree on before the first byte: it is the prologue, so a
 * handshake between two that don't fails. */
struct link_binding {
	uint8_t owner_key[START_OWNER_KEY_SIZE];
	uint8_t source_key[START_KEY_SIZE];
	uint8_t source_nonce[START_NONCE_SIZE]; /* of the source's start */
};

enum link_session_state {
	LINK_UNUSED = 0,
	LINK_STARTED, /* initiator: FIRST not sent yet */
	LINK_ASKED, /* initiator: FIRST sent */
	LINK_CALLED, /* responder: FIRST read */
	LINK_READY, /* records may flow */
	LINK_FAILED, /* `fault` says why */
};

/* The caller's storage: about 4.5 KiB, aligned to 64 bytes. Its members are its own. */
struct link_session {
	const struct link_primitives *primitives;
	enum link_session_state state;
	bool is_initiator, is_proven;
	bool sent_close, got_close;
	status fault;
	uint64_t sent_count, received_count; /* the next counters */
	uint8_t send_secret[LINK_KEY_SIZE], receive_secret[LINK_KEY_SIZE];
	struct link_aead_key send_key, receive_key;
	struct link_ahead *ahead; /* lent; NULL: nothing is made ahead */
	size_t sent_size, received_size; /* of the last records' contents */
	char target[START_TARGET_SIZE];
	struct link_noise noise; /* until the handshake is over */
};

/* An enclave's end. `target` is the target's name, NUL and zeros behind it. Faults of
 * the primitives. */
MUST_USE status link_session_init_initiator(struct link_session *session, const struct link_primitives *primitives,
					    const struct link_key_pair *own, const struct link_binding *binding,
					    const char target[static START_TARGET_SIZE]);
/* Forget all keys, in every state, and what lies in memory that was lent. */
void link_session_deinit(struct link_session *session);

/* Lend an initialised session, and no other one, memory for link_prepare(). It has to last until
 * link_session_deinit(), which wipes it. */
void link_session_lend(struct link_session *session, struct link_ahead *ahead);
/* Make ahead what the next record of each direction will need, supposing that it is as long as the last one
 * (link/ahead.h). For an end that is going to wait for the other. Does nothing without memory, or where
 * the primitives can't. */
void link_prepare(struct link_session *session);

/* Make FIRST; the payload is the encoded grant, at most LINK_PAYLOAD_SIZE_MAX bytes.
 * STATUS_LIMIT, reported: `capacity` is less than payload.size + LINK_FIRST_OVERHEAD. */
MUST_USE status link_session_first(struct link_session *session, struct span payload, uint8_t *message, size_t capacity,
				   size_t *ret_size);
/* Read SECOND. Reported: STATUS_DENIED: an ERROR came instead (its text is in the report);
 * STATUS_MALFORMED: no such message; STATUS_MISMATCH: it isn't from the owner of the
 * source's key, or the two ends disagree about the binding or the target. */
MUST_USE status link_session_second(struct link_session *session, struct span message);

/* What a source learns from FIRST. */
struct link_caller {
	uint8_t key[LINK_KEY_SIZE]; /* the enclave's: claimed until the session is proven */
	char target[START_TARGET_SIZE]; /* with its NUL and zeros behind it */
	uint8_t payload[LINK_PAYLOAD_SIZE_MAX];
	size_t payload_size;
};

/* Can it be a FIRST, as far as that shows without a key? STATUS_MALFORMED, reported: no. Cheap: to be asked before
 * anything is spent on it. */
MUST_USE status link_first_check(struct span message);

/* A source's end, from a FIRST: two X25519 operations, so a rate limit stands before
 * it. binding->source_key is own->public. Initialises the session in every case, so
 * link_session_deinit() may follow. Reported: STATUS_MALFORMED: not a FIRST;
 * STATUS_MISMATCH: for another source, owner, start of the source, or altered. */
MUST_USE status link_session_accept(struct link_session *session, const struct link_primitives *primitives,
				    const struct link_key_pair *own, const struct link_binding *binding,
				    struct span message, struct link_caller *ret_caller);
/* Make SECOND, after the grant was found good. STATUS_LIMIT, reported: `capacity` is less
 * than LINK_SECOND_OVERHEAD. STATUS_MISMATCH, reported: the enclave's key is of low order. */
MUST_USE status link_session_answer(struct link_session *session, uint8_t *message, size_t capacity, size_t *ret_size);

/* Has the peer shown that it owns its key and knows this session? An initiator's peer has with
 * SECOND, a responder's with the first record. */
bool link_session_is_proven(const struct link_session *session);
/* Is it of no use any more (failed, or one of the two said CLOSE)? */
bool link_session_is_over(const struct link_session *session);

/* Seal one record into `message`, private memory that is copied out when it is done: in shared
 * memory, somebody could change the ciphertext between its writing and the tag's making. The content may be there
 * already, LINK_HEAD_SIZE bytes from its start: it is sealed in place then, and no other overlap is allowed.
 * STATUS_LIMIT, reported: `capacity` is less than content.size + LINK_SEAL_OVERHEAD, or
 * 2^64 - 1 records have been sent. STATUS_USAGE, reported: no session stands. */
MUST_USE status link_seal(struct link_session *session, struct span content, uint8_t *message, size_t capacity,
			  size_t *ret_size);

/* Open the peer's next record into `content`, which is either LINK_HEAD_SIZE bytes from the
 * message's start (opened in place) or doesn't overlap it. The message is the
 * caller's own copy, never shared memory. STATUS_END: the peer closed.
 * Reported: STATUS_LIMIT: `capacity` is less than message.size - LINK_SEAL_OVERHEAD;
 * STATUS_DENIED: an ERROR came instead; STATUS_MALFORMED: no record; STATUS_MISMATCH: an
 * old or later record, or one that was altered, cut, turned around, or is of another
 * session. */
MUST_USE status link_open(struct link_session *session, struct span message, uint8_t *content, size_t capacity,
			  size_t *ret_size);

/* Make CLOSE: nothing can be sealed afterwards. It is the answer to the peer's CLOSE too. As
 * link_seal. */
MUST_USE status link_close(struct link_session *session, uint8_t *message, size_t capacity, size_t *ret_size);

#endif
