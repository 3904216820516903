/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is this quote of a real SGX enclave on a platform that is good enough, and is it the right
 * enclave? The order of Intel's own verification library (Intel SGX DCAP Quote Verification
 * Library, "sgxAttestationGetVerificationStatus"), on OpenSSL; docs/appraisal.md.
 */
#ifndef VERIFIER_APPRAISAL_APPRAISE_H
#define VERIFIER_APPRAISAL_APPRAISE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/status.h"
#include "verifier/appraisal/certificate.h"
#include "verifier/appraisal/collateral.h"
#include "verifier/appraisal/pck.h"
#include "verifier/appraisal/policy.h"
#include "verifier/appraisal/quote.h"
#include "verifier/appraisal/verdict.h"

/* The quoting enclave's vendor: Intel, 939a7233-f79c-4ca9-940a-0db3957f0607. */
extern const uint8_t appraisal_vendor_intel[QUOTE_VENDOR_SIZE];
/* The backend sim's: text that says FAKE. */
extern const uint8_t appraisal_vendor_sim[QUOTE_VENDOR_SIZE];

enum appraisal_identity {
	APPRAISAL_IDENTITY_NOT_APPRAISED,
	APPRAISAL_IDENTITY_FITS,
	APPRAISAL_IDENTITY_UNKNOWN, /* no reference value fits */
};

/* SHA-256 of the SubjectPublicKeyInfo of a fake root's certificate. */
enum { APPRAISAL_SIM_FINGERPRINT_SIZE = 32 };

/* How far it went. Members are valid as far as that: a quote that isn't signed says nothing. */
enum appraisal_stage {
	APPRAISAL_HEADER, /* quote: its header */
	APPRAISAL_PARSED, /* quote: all of it */
	APPRAISAL_AUTHENTIC, /* pck; and every signature fits */
	APPRAISAL_LEVELS, /* tcb, platform_level, qe_level */
};

/* Spans in `quote` point into the quote's bytes, levels into the collateral. */
struct appraisal {
	struct verdict verdict;
	enum appraisal_stage stage;
	struct quote quote;
	struct pck pck;
	enum tcb_status tcb; /* of platform and quoting enclave together */
	const struct tcb_level *platform_level, *qe_level;
	enum appraisal_identity identity;
	bool is_debug;
	bool is_sim; /* a quote of the backend `sim`, or what claims to be one */
	uint8_t sim_root[APPRAISAL_SIM_FINGERPRINT_SIZE]; /* is_sim, APPRAISAL_AUTHENTIC: its fake root */
};

/* What a quote is held against; all borrowed. Quotes of the backend `sim`, which name themselves, are
 * refused but for those under one of `sim_roots`; nothing else of a platform is judged in them, as there is none. */
struct appraisal_terms {
	const struct certificate_root *root;
	const uint8_t *vendor; /* QUOTE_VENDOR_SIZE bytes */
	const struct collateral *collateral; /* NULL: no platform's quote is accepted */
	const struct policy *policy;
	const uint8_t (*sim_roots)[APPRAISAL_SIM_FINGERPRINT_SIZE];
	size_t sim_root_count;
	time_t at;
};

/* STATUS_OK: ret_appraisal->verdict has the answer. STATUS_MALFORMED, reported: it isn't a
 * quote, or a cut one. */
MUST_USE status appraise_quote(struct span quote, const struct appraisal_terms *terms, struct appraisal *ret_appraisal);

#endif
