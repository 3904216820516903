/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The conversation of wire/verifier.h, from the enclave's end. Used by duty.c alone. */
#ifndef ENCLAVE_DUTY_TALK_H
#define ENCLAVE_DUTY_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "enclave/duty/results.h"
#include "link/grant.h"
#include "wire/evidence.h"
#include "wire/verifier.h"

enum { TALK_SENTENCE_SIZE = 256 };

struct talk {
	const struct link_primitives *primitives;
	uint8_t binding[EVIDENCE_BINDING_SIZE];
	/* What is said in heartbeats; the nonce is filled in. */
	struct verifier_heartbeat facts;
	struct results results;
	bool is_connected, is_welcome;
	uint32_t patience_ms; /* how long the verifier may take for whatever is waited for now */
	uint32_t interval_ms;
	/* A challenge waits for its answer, since so long. */
	bool owes_heartbeat;
	uint8_t nonce[VERIFIER_NONCE_SIZE];
	int64_t challenged_ms;
	/* The verifier's time, which the host can hold up and can't stop: a challenge comes once an interval, and at
	 * once over a new connection. */
	int64_t verified_ms;
	bool is_silent; /* no heartbeats: it speaks for a stream that is over, or a program that another one runs */
	uint64_t sent_number; /* the last result that was sent over this connection */
	uint64_t kept_number; /* the last one that the verifier has said it has */
	bool is_behind; /* the verifier lacks one before the last that was sent */
	bool holds_results; /* the verifier can't keep any now: until its next challenge */
	/* What came instead of an answer, in the verifier's words. */
	bool is_refused;
	char sentence[TALK_SENTENCE_SIZE];
	/* The last answer to a request for a grant. */
	uint16_t grant_answer; /* VERIFIER_GRANT, VERIFIER_NO_GRANT; 0: none yet */
	uint8_t grant[LINK_GRANT_SIZE];
	size_t received_size;
	uint8_t received[1024]; /* more than the longest frame that a verifier sends */
};

/* Milliseconds of the host's steady clock: for pauses alone. */
int64_t talk_now_ms(void);

/* Show who we are over the connection that the host has made, say hello, and wait for the welcome. All reported: as
 * verifier_connect(); STATUS_DENIED: refused, with the verifier's words; STATUS_IO. */
MUST_USE status talk_connect(struct talk *talk);
/* Hang up; everything else stays. */
void talk_disconnect(struct talk *talk);

/* Take what comes within `wait_ms`, and answer it: heartbeats, results that weren't sent. A connection that fails is
 * hung up: STATUS_IO, or STATUS_MALFORMED, reported. */
MUST_USE status talk_listen(struct talk *talk, uint32_t wait_ms);
MUST_USE status talk_send(struct talk *talk, enum verifier_frame_type type, struct span body);

#endif
