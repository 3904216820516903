/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an enclave and its verifier say to each other, inside a channel that has proven who the
 * enclave is. Frames as in wire/agent.h; docs/verifier.md.
 *
 *   enclave → verifier   VERIFIER_HELLO      struct verifier_hello, first and once
 *   verifier → enclave   VERIFIER_WELCOME    struct verifier_welcome, or VERIFIER_REFUSED and the end
 *   verifier → enclave   VERIFIER_CHALLENGE  struct verifier_challenge, once an interval
 *   enclave → verifier   VERIFIER_HEARTBEAT  struct verifier_heartbeat: the last challenge's nonce
 *   verifier → enclave   VERIFIER_HEARD      struct verifier_heard: it is on the verifier's disk
 *   enclave → verifier   VERIFIER_RESULT     struct verifier_result, then a content
 *   verifier → enclave   VERIFIER_KEPT       struct verifier_kept: this one, and all before it, are on the disk
 *                     or VERIFIER_RESEND     struct verifier_kept: the last one that is
 *   enclave → verifier   VERIFIER_ASK_GRANT  struct verifier_grant_request, as often as it wants a new one
 *   verifier → enclave   VERIFIER_GRANT      an encoded grant (link/grant.h), or VERIFIER_NO_GRANT
 *
 * Everything is little-endian; unused bytes are zero.
 */
#ifndef WIRE_VERIFIER_H
#define WIRE_VERIFIER_H

#include <assert.h>
#include <stdint.h>

#include "wire/start.h"

enum verifier_frame_type {
	VERIFIER_HELLO = 32,
	VERIFIER_WELCOME = 33,
	VERIFIER_REFUSED = 34, /* a sentence in UTF-8, without NUL */
	VERIFIER_CHALLENGE = 35,
	VERIFIER_HEARTBEAT = 36,
	VERIFIER_HEARD = 37,
	VERIFIER_RESULT = 38,
	VERIFIER_KEPT = 39,
	VERIFIER_RESEND = 40,
	VERIFIER_ASK_GRANT = 41,
	VERIFIER_GRANT = 42,
	VERIFIER_NO_GRANT = 43, /* a sentence in UTF-8, without NUL */
};

enum {
	VERIFIER_NONCE_SIZE = 32,
	VERIFIER_HASH_SIZE = 32,
	VERIFIER_STREAM_SIZE = 32,
	VERIFIER_PROGRAM_SIZE = 64,
	/* Of a result's kind and all behind it, together: what the chain hashes. */
	VERIFIER_CHAINED_SIZE_MAX = 1 << 20,
};

struct verifier_hello {
	uint32_t version; /* 1 */
	uint32_t reserved;
	/* New at each start of the enclave: counters and results are of this stream. */
	uint8_t stream[VERIFIER_STREAM_SIZE];
	char target[START_TARGET_SIZE]; /* what it watches; NUL and zeros behind it */
};

struct verifier_welcome {
	uint32_t interval_ms; /* between challenges */
	uint32_t reserved;
	uint64_t kept_number; /* the last of this stream's results that is kept */
};

struct verifier_challenge {
	uint8_t nonce[VERIFIER_NONCE_SIZE];
};

struct verifier_heartbeat {
	uint8_t nonce[VERIFIER_NONCE_SIZE]; /* the last challenge's */
	uint64_t counter; /* above that of the stream's last heartbeat */
	uint64_t scan_count; /* looks at the target so far */
	uint64_t scanned_at; /* the last of them, seconds since 1970, by the enclave's clock; 0: none */
	uint64_t epoch; /* of the target's memory, in which it was made */
	uint64_t result_number; /* the last result that was made */
	uint32_t exit_status; /* of the last look's program */
	uint32_t reserved;
	uint8_t source_key[START_KEY_SIZE]; /* whose memory it was */
	uint8_t profile_hash[VERIFIER_HASH_SIZE]; /* SHA-256 of the kernel's pinned profile; zeros: facts from memory */
	char program[VERIFIER_PROGRAM_SIZE]; /* what was run; NUL and zeros behind it */
};

struct verifier_heard {
	uint64_t counter;
};

enum verifier_result_kind {
	VERIFIER_RESULT_OUTPUT = 1, /* a piece of a program's standard output */
	VERIFIER_RESULT_FINDING = 2, /* a JSON object */
	VERIFIER_RESULT_END = 3, /* the program's end: struct verifier_end, then what was said on standard error */
};

/* Before a result's content. The chain (verifier/ledger/ledger.h) hashes what follows `previous`. */
struct verifier_result {
	uint64_t number; /* from 1 */
	uint8_t previous[VERIFIER_HASH_SIZE]; /* the hash of the one before; of the first: zeros */
	uint32_t kind; /* enum verifier_result_kind */
	uint32_t reserved;
	uint64_t epoch;
	char program[VERIFIER_PROGRAM_SIZE];
};

struct verifier_end {
	uint32_t exit_status;
	uint32_t reserved;
	uint64_t scan_count; /* looks at the target */
};

struct verifier_kept {
	uint64_t number;
};

/* For the hello's target. SHA-256 of the four keys and the nonce is what the connection's second quote has bound
 * (wire/evidence.h): nobody else can ask in the enclave's name, nor the enclave for another's key. */
struct verifier_grant_request {
	uint8_t enclave_key[START_KEY_SIZE];
	uint8_t owner_key[START_OWNER_KEY_SIZE];
	uint8_t source_key[START_KEY_SIZE];
	uint8_t source_nonce[START_NONCE_SIZE];
	uint32_t rights; /* link/grant.h's LINK_RIGHT_* */
	uint32_t reserved;
};

static_assert(sizeof(struct verifier_grant_request) == 168, "no padding");
static_assert(sizeof(struct verifier_hello) == 168, "no padding");
static_assert(sizeof(struct verifier_welcome) == 16, "no padding");
static_assert(sizeof(struct verifier_heartbeat) == 208, "no padding");
static_assert(sizeof(struct verifier_result) == 120, "no padding");
static_assert(sizeof(struct verifier_end) == 16, "no padding");

enum { VERIFIER_RESULT_SIZE_MAX = 40 + VERIFIER_CHAINED_SIZE_MAX };
static_assert(__builtin_offsetof(struct verifier_result, kind) == 40, "what isn't hashed as content");

#endif
