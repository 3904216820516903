/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verifier's end of wire/evidence.h: from a connection to an enclave that has proven who it
 * is, over that very connection. docs/evidence.md.
 *
 * Everything that comes is hostile. One connection costs bounded memory and work; how long it may take
 * is the caller's affair.
 */
#ifndef VERIFIER_ATTEST_ATTEST_H
#define VERIFIER_ATTEST_ATTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <openssl/ssl.h>

#include "base/status.h"
#include "verifier/appraisal/appraise.h"
#include "verifier/grants/keys.h"
#include "wire/evidence.h"

/* What evidence is held against; all borrowed, and as long as sessions live. */
struct attest_terms {
	const struct policy *policy; /* reference values, tolerances */
	const struct collateral *collateral; /* NULL: no quotes of Intel's platforms are accepted */
	/* Fingerprints of the fake roots of machines whose backend `sim` is accepted: each one machine's. */
	const uint8_t (*sim_roots)[APPRAISAL_SIM_FINGERPRINT_SIZE];
	size_t sim_root_count; /* 0: none */
};

/* Who it is: what its second quote says, appraised and accepted. */
struct attest_enclave {
	bool is_sim; /* a simulation: proves nothing to whoever doesn't own that machine */
	uint8_t sim_root[APPRAISAL_SIM_FINGERPRINT_SIZE]; /* is_sim: under which fake root */
	bool is_debug; /* the policy tolerates it */
	uint8_t mrenclave[SGX_HASH_SIZE], mrsigner[SGX_HASH_SIZE];
	uint16_t isv_prod_id, isv_svn;
	uint8_t key_hash[EVIDENCE_HASH_SIZE]; /* SHA-256 of its session key's SubjectPublicKeyInfo */
	uint8_t binding[EVIDENCE_BINDING_SIZE]; /* wire/evidence.h: whatever the caller compares it with */
	struct verdict verdict; /* no reasons; the tolerances that were needed */
	char tcb[64]; /* in words: "UpToDate"; "none: a simulation" */
};

/* TLS 1.3 with the owner's key, whose certificate is made here (nothing but the key in it counts),
 * client certificates of P-256 keys demanded, no resumption, no early data. Freed with SSL_CTX_free().
 * STATUS_INTERNAL, STATUS_NO_MEMORY: reported. */
MUST_USE status attest_context_create(const struct owner_key *owner, SSL_CTX **ret_context);

struct attest_session;

/* For a new connection: `ssl` is of such a context, has its transport (SSL_set_fd() or BIOs), blocking or
 * not, and stays the caller's (who ignores SIGPIPE); it mustn't have shaken hands. STATUS_NO_MEMORY, reported. */
MUST_USE status attest_session_create(SSL *ssl, const struct attest_terms *terms, struct attest_session **ret_session);
void attest_session_destroy(struct attest_session *session);
/* Other terms from now on: attest_session_judge() goes by them. */
void attest_session_terms_set(struct attest_session *session, const struct attest_terms *terms);

/*
 * Go on as far as what has come allows. `now`: the verifier's clock.
 * STATUS_OK: accepted; `ret_enclave` is filled, the enclave is told, and the connection is the
 * caller's (SSL_read(), SSL_write()). STATUS_TORN: wait until the transport can do what SSL_want() says, and
 * call again. STATUS_GONE: the other end hung up. STATUS_DENIED: refused, attest_session_sentence() says
 * why; the other end was told if it could be. None of these is
 * reported (but that bytes in a quote's place are none). Anything
 * else is a fault, reported.
 */
MUST_USE status attest_session_step(struct attest_session *session, time_t now, struct attest_enclave *ret_enclave);

/* Of an accepted enclave: its second quote, judged once more by another policy. STATUS_DENIED: refused, and why in
 * `ret_sentence`. STATUS_MALFORMED is never returned: it was a quote before. */
MUST_USE status attest_session_judge(const struct attest_session *session, const struct policy *policy, time_t now,
				     char *ret_sentence, size_t sentence_size);

/* Why it was refused, and what to do; "" if it wasn't. Printable. As long as the session. */
const char *attest_session_sentence(const struct attest_session *session);
/* The verdict on the last quote that was appraised: for the record. NULL: none was. */
const struct verdict *attest_session_verdict(const struct attest_session *session);

#endif
