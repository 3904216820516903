/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fake platform's keys and certificates, in the places of Intel's: root CA, platform CA, PCK and
 * attestation key (Intel SGX PCK Certificate and CRL Profile Specification, 1). All keys are derived from
 * the machine's fake root (sim/root.h), so they are its own and the same at each start; certificates are
 * made when they are needed.
 */
#ifndef SIM_PLATFORM_H
#define SIM_PLATFORM_H

#include <openssl/x509.h>

#include "base/status.h"
#include "sim/root.h"

struct sim_party {
	EVP_PKEY *key; /* P-256 */
	X509 *certificate;
};

struct sim_platform {
	struct sim_party root, ca, pck;
	EVP_PKEY *attestation;
};

/* STATUS_INTERNAL, reported: OpenSSL failed; `platform` needs no _deinit() then. */
MUST_USE status sim_platform_init(struct sim_platform *platform, const struct sim_root *root);
void sim_platform_deinit(struct sim_platform *platform);

/* What a verifier is told to accept (--insecure-accept-sim): SHA-256 of the SubjectPublicKeyInfo of the fake root
 * CA's certificate. STATUS_INTERNAL, reported. */
MUST_USE status sim_platform_fingerprint(const struct sim_platform *platform,
					 uint8_t ret_fingerprint[SIM_FINGERPRINT_SIZE]);

#endif
