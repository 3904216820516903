/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence in a certificate, in the form of Interoperable RA-TLS (wire/evidence.h): taken apart,
 * and bound to the certificate's key. What the quote in it is worth isn't judged here.
 */
#ifndef VERIFIER_ATTEST_EVIDENCE_H
#define VERIFIER_ATTEST_EVIDENCE_H

#include <stdint.h>

#include <openssl/x509.h>

#include "base/reader.h"
#include "base/status.h"
#include "wire/evidence.h"

enum {
	/* Ours has one, others' a nonce beside it. */
	EVIDENCE_CLAIM_COUNT_MAX = 16,
};

/* Spans point into what was parsed. */
struct evidence {
	struct span quote;
	struct span claims; /* REPORTDATA begins with their SHA-256 */
	uint8_t key_hash[EVIDENCE_HASH_SIZE]; /* the claim: SHA-256 of a SubjectPublicKeyInfo */
};

/* The extension's content. STATUS_MALFORMED, not reported: why, in `ret_reason`, a literal. */
MUST_USE status evidence_parse(struct span cbor, struct evidence *ret_evidence, const char **ret_reason);

/* A certificate with exactly one such extension, self-signed by a P-256 key, whose hash is the
 * evidence's claim. `ret_evidence` points into the certificate. STATUS_MALFORMED as above. */
MUST_USE status evidence_from_certificate(const X509 *certificate, struct evidence *ret_evidence,
					  const char **ret_reason);

#endif
