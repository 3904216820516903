/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ECDSA quote of an SGX enclave, versions 3 and 4, taken apart: Intel SGX ECDSA
 * Quote Library Reference, appendix A ("Quote Format"), and the TDX Quote Generation
 * Library's appendix A.3 for version 4. Nothing is verified here but the format.
 */
#ifndef VERIFIER_APPRAISAL_QUOTE_H
#define VERIFIER_APPRAISAL_QUOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "wire/sgx.h"

enum {
	QUOTE_VENDOR_SIZE = 16,
	QUOTE_USER_DATA_SIZE = 20,
	QUOTE_HEADER_SIZE = 48,
	/* The part of a REPORT that is told to others: all but the MAC and its key's ID. */
	QUOTE_REPORT_SIZE = offsetof(struct sgx_report, key_id),
	QUOTE_SIGNATURE_SIZE = 64, /* r and s, big-endian */
	QUOTE_KEY_SIZE = 64, /* x and y, big-endian */
	/* A quote with its chain of certificates has about 5 KiB. */
	QUOTE_SIZE_MAX = 64 << 10,
};
static_assert(QUOTE_REPORT_SIZE == 384, "a report body");

/* The attestation key's type: the only one that this code can verify. */
enum { QUOTE_ECDSA_P256 = 2 };

enum quote_tee {
	QUOTE_TEE_SGX = 0,
	QUOTE_TEE_TDX = 0x81,
};

/* How the quoting enclave's own key is certified. */
enum quote_certification {
	QUOTE_CERTIFICATION_PCK_CHAIN = 5, /* PEM: leaf, intermediate CA, root CA */
	QUOTE_CERTIFICATION_QE_REPORT = 6, /* version 4: QE's report, around another one of these */
};

/* Spans point into the quote's bytes. */
struct quote {
	uint16_t version;
	uint16_t key_type;
	uint32_t tee; /* enum quote_tee; 0 in version 3, whose field is reserved */
	uint16_t qe_svn, pce_svn; /* version 3; reserved later */
	uint8_t vendor[QUOTE_VENDOR_SIZE];
	uint8_t user_data[QUOTE_USER_DATA_SIZE];
	struct span signed_bytes; /* header and report: what `signature` is over */
	struct sgx_report report; /* without key_id and mac */
	struct span signature; /* by `key` */
	struct span key;
	struct span qe_report_bytes; /* what `qe_signature` is over */
	struct sgx_report qe_report; /* without key_id and mac */
	struct span qe_signature; /* by the PCK */
	struct span qe_authentication;
	uint16_t certification; /* enum quote_certification */
	/* Version 4 without a quoting enclave's part: `certification` is the outer type, and there is none of the qe_*.
	 */
	bool is_bare;
	bool has_rest; /* something that isn't zeros stands behind it */
	struct span certification_data;
};

/* The header alone: what kind of quote this is. STATUS_MALFORMED, reported: too short. */
MUST_USE status quote_parse_header(struct span bytes, struct quote *ret_quote);

/* Is it one that Intel has given a quote? Where it isn't, these bytes may be anything. */
bool quote_version_is_known(const struct quote *header);

/* Is it of a kind that quote_parse() takes apart? If not, a sentence that says what it is
 * instead; NULL if so. */
const char *quote_unsupported(const struct quote *header);

/* All of it, of a kind that quote_unsupported() has nothing against. Zeros behind the quote
 * are padding; anything else there is noted. STATUS_MALFORMED, reported: lengths that don't fit together. */
MUST_USE status quote_parse(struct span bytes, struct quote *ret_quote);

#endif
