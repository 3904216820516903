/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a PCK certificate says of its platform: the SGX extension, OID
 * 1.2.840.113741.1.13.1 (Intel SGX PCK Certificate and CRL Profile Specification, 1.3.5).
 */
#ifndef VERIFIER_APPRAISAL_PCK_H
#define VERIFIER_APPRAISAL_PCK_H

#include <stdint.h>

#include <openssl/x509.h>

#include "base/status.h"
#include "verifier/appraisal/quote.h"

enum {
	PCK_FMSPC_SIZE = 6,
	PCK_PCEID_SIZE = 2,
	PCK_COMPONENT_COUNT = 16,
};

struct pck {
	uint8_t key[QUOTE_KEY_SIZE];
	uint8_t fmspc[PCK_FMSPC_SIZE];
	uint8_t pceid[PCK_PCEID_SIZE];
	uint8_t cpusvn[SGX_CPUSVN_SIZE];
	uint8_t components[PCK_COMPONENT_COUNT]; /* the SVNs that TCB levels name */
	uint16_t pcesvn;
};

/* STATUS_MALFORMED, reported: the extension is missing, has a member twice, lacks one, or
 * one of another type or length; or the key isn't P-256. */
MUST_USE status pck_from_certificate(const X509 *certificate, struct pck *ret_pck);

#endif
