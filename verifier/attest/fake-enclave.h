/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An enclave's evidence, for tests: CBOR written out by hand, OpenSSL and the simulator's EREPORT, no code of what is
 * tested. Failures end the test. */
#ifndef VERIFIER_ATTEST_FAKE_ENCLAVE_H
#define VERIFIER_ATTEST_FAKE_ENCLAVE_H

#include <openssl/x509v3.h>

#include "base/reader.h"
#include "sim/quoting.h"
#include "sim/root.h"
#include "wire/evidence.h"
#include "wire/sgx.h"

enum { FAKE_CBOR_SIZE_MAX = SIM_QUOTE_SIZE_MAX + 512 };

/* CBOR; each gives the bytes it put. */
size_t fake_cbor_head(uint8_t *place, uint8_t major, size_t value);
size_t fake_cbor_bytes(uint8_t *place, const void *bytes, size_t size);
/* {"pubkey-hash": «[1, hash]»} */
size_t fake_claims(uint8_t *place, const uint8_t hash[32]);
size_t fake_evidence(uint8_t *place, struct span quote, struct span claims);

/* A quote under the fake root, its size. */
size_t fake_quote(const struct sim_root *root, const struct sgx_secs *secs, const uint8_t data[SGX_REPORT_DATA_SIZE],
		  uint8_t quote[SIM_QUOTE_SIZE_MAX]);
/* SHA-256 of SubjectPublicKeyInfo. */
void fake_key_hash(EVP_PKEY *key, uint8_t hash[32]);
/* With the evidence so many times; the caller's. */
X509 *fake_certificate(EVP_PKEY *key, EVP_PKEY *signer, const uint8_t *cbor, size_t size, int times);

#endif
