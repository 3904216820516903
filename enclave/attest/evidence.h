/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The certificate that carries a quote of this enclave (wire/evidence.h). */
#ifndef ENCLAVE_ATTEST_EVIDENCE_H
#define ENCLAVE_ATTEST_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/evidence.h"

struct WC_RNG;
struct ecc_key;

enum {
	/* A quote, claims, and a certificate around them. */
	EVIDENCE_CERTIFICATE_SIZE_MAX = EVIDENCE_QUOTE_SIZE_MAX + 2048,
};

/* A self-signed certificate of `key` in DER, with evidence about it. `der` has
 * EVIDENCE_CERTIFICATE_SIZE_MAX bytes. As attest_quote() (enclave/attest/quote.h), and STATUS_INTERNAL,
 * STATUS_NO_MEMORY, reported. */
MUST_USE status attest_certificate(struct ecc_key *key, struct WC_RNG *random, uint8_t *der, size_t *ret_size);

#endif
