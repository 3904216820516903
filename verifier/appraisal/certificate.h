/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chains of certificates up to one pinned root, with certificate revocation lists
 * (RFC 5280), by OpenSSL. Roles are told apart by the subjects that Intel gives its SGX
 * certificates (Intel SGX PCK Certificate and CRL Profile Specification, 1.1 to 1.3): a
 * platform's key must not be taken for the one that signs TCB info, nor the other way round.
 */
#ifndef VERIFIER_APPRAISAL_CERTIFICATE_H
#define VERIFIER_APPRAISAL_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <openssl/x509.h>

#include "base/reader.h"
#include "base/status.h"
#include "verifier/appraisal/quote.h"
#include "verifier/appraisal/verdict.h"

enum {
	CERTIFICATE_HASH_SIZE = 32,
	/* Leaf, intermediate CA, root CA. */
	CERTIFICATE_CHAIN_COUNT_MAX = 3,
	/* Intel's have about 2 KiB in PEM. */
	CERTIFICATE_CHAIN_SIZE_MAX = 32 << 10,
	/* A list of all PCKs ever revoked: a few KiB as yet. */
	CERTIFICATE_CRL_SIZE_MAX = 16 << 20,
};

/* The only root that is believed: the certificate, and the key in it. */
struct certificate_root {
	const char *name; /* in sentences: "Intel" */
	uint8_t certificate_sha256[CERTIFICATE_HASH_SIZE];
	uint8_t key[QUOTE_KEY_SIZE]; /* P-256, x and y */
	bool is_fake; /* of the backend sim: certificates below it have the names that say so */
};

/* Intel SGX Root CA, valid until 2049-12-31. */
extern const struct certificate_root certificate_root_intel;

enum certificate_role {
	CERTIFICATE_PCK, /* a platform's provisioning certification key */
	CERTIFICATE_PCK_CA, /* the processor or the platform CA, which issues those */
	CERTIFICATE_TCB_SIGNING,
	CERTIFICATE_ROOT,
};

struct certificate_chain {
	X509 *certificates[CERTIFICATE_CHAIN_COUNT_MAX]; /* from the leaf to the root */
	int count;
};

/* PEM, from the leaf to the root; NULs behind it are padding. `what` stands in sentences.
 * STATUS_MALFORMED, reported: not PEM, none, or more than three certificates. */
MUST_USE status certificate_chain_init(struct certificate_chain *chain, struct span pem, const char *what);
void certificate_chain_deinit(struct certificate_chain *chain);

/* DER as Intel's service sends it, or that in hexadecimal, or PEM. Freed by the caller
 * with X509_CRL_free(). STATUS_MALFORMED, reported. */
MUST_USE status certificate_crl_parse(struct span bytes, const char *what, X509_CRL **ret_crl);

/* What chains are verified against. */
struct certificate_trust {
	const struct certificate_root *root;
	time_t at;
	/* The pinned certificate itself, borrowed; NULL: only chains that end with it are any good. */
	X509 *anchor;
	X509_CRL *root_crl, *pck_crl; /* borrowed; NULL, both: a fake root, which has no lists */
	int64_t expired_seconds; /* so long after its nextUpdate a CRL is tolerated */
};

/* The chain's last certificate, if it is the pinned one; NULL if not. Borrowed. */
X509 *certificate_chain_pinned(const struct certificate_chain *chain, const struct certificate_root *root);

/* Does `chain` go from a certificate of the role `leaf` to the pinned root, each one valid
 * at that time and none revoked? If not, a reason stands in `verdict`, and false comes back.
 * Intel has issued its root twice, for one key: a chain that ends with another certificate of the pinned one's name and
 * key is verified by trust->anchor, and that certificate of it isn't believed in anything. `what` stands in sentences.
 */
bool certificate_chain_verify(const struct certificate_chain *chain, enum certificate_role leaf,
			      const struct certificate_trust *trust, const char *what, struct verdict *verdict);

/* The first certificate's P-256 key as x and y. STATUS_MALFORMED, not reported: another kind. */
MUST_USE status certificate_key(const X509 *certificate, uint8_t ret_key[QUOTE_KEY_SIZE]);

/* Are both of the same name and key? A certificate that was issued anew is the same issuer's. */
bool certificate_is_same_issuer(const X509 *certificate, const X509 *other);

/* Is `signature` one of the SHA-256 of `bytes` by this P-256 key? */
bool certificate_signature_fits(const uint8_t key[QUOTE_KEY_SIZE], struct span bytes,
				const uint8_t signature[QUOTE_SIGNATURE_SIZE]);

#endif
