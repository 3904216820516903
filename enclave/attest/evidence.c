/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/attest/evidence.h"

#include <stdlib.h>
#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "base/report.h"
#include "base/writer.h"
#include "enclave/attest/quote.h"

enum {
	/* Of a P-256 key: 91 bytes. */
	PUBLIC_KEY_SIZE_MAX = 128,
	/* {"pubkey-hash": «[1, 32 bytes]»}: 51 bytes. */
	CLAIMS_SIZE_MAX = 64,
	/* Heads of tag, array and two byte strings. */
	EVIDENCE_SIZE_MAX = EVIDENCE_QUOTE_SIZE_MAX + CLAIMS_SIZE_MAX + 16,
};

/* Major types of CBOR: RFC 8949, 3.1. */
enum cbor_major {
	CBOR_UNSIGNED = 0,
	CBOR_BYTES = 2,
	CBOR_TEXT = 3,
	CBOR_ARRAY = 4,
	CBOR_MAP = 5,
	CBOR_TAG = 6,
};

static status wolfssl_failed(const char *what, int code)
{
	return report(STATUS_INTERNAL, "wolfSSL failed to %s: its error %d", what, code);
}

/* An item's head, as short as it can be (RFC 8949, 4.2.1). All that evidence needs of CBOR. */
static status put_head(struct writer *writer, enum cbor_major major, uint16_t value)
{
	const uint8_t type = (uint8_t)(major << 5);

	if (value < 24)
		return writer_u8(writer, (uint8_t)(type | value));
	if (value <= UINT8_MAX) {
		TRY(writer_u8(writer, type | 24));
		return writer_u8(writer, (uint8_t)value);
	}
	TRY(writer_u8(writer, type | 25));
	TRY(writer_u8(writer, (uint8_t)(value >> 8)));
	return writer_u8(writer, (uint8_t)value);
}

static status put_string(struct writer *writer, enum cbor_major major, const void *bytes, size_t size)
{
	TRY(put_head(writer, major, (uint16_t)size));
	return writer_bytes(writer, bytes, size);
}

static status put_claims(struct writer *writer, const uint8_t key_hash[EVIDENCE_HASH_SIZE])
{
	uint8_t value[CLAIMS_SIZE_MAX];
	struct writer inner;

	writer_init(&inner, value, sizeof value);
	TRY(put_head(&inner, CBOR_ARRAY, 2));
	TRY(put_head(&inner, CBOR_UNSIGNED, EVIDENCE_HASH_SHA256));
	TRY(put_string(&inner, CBOR_BYTES, key_hash, EVIDENCE_HASH_SIZE));
	TRY(put_head(writer, CBOR_MAP, 1));
	TRY(put_string(writer, CBOR_TEXT, EVIDENCE_CLAIM_KEY_HASH, strlen(EVIDENCE_CLAIM_KEY_HASH)));
	return put_string(writer, CBOR_BYTES, value, inner.position);
}

static status put_evidence(struct writer *writer, const uint8_t *quote, size_t size, const struct writer *claims)
{
	TRY(put_head(writer, CBOR_TAG, EVIDENCE_TAG_QUOTE));
	TRY(put_head(writer, CBOR_ARRAY, 2));
	TRY(put_string(writer, CBOR_BYTES, quote, size));
	return put_string(writer, CBOR_BYTES, claims->data, claims->position);
}

/* The quote over the claims about `key`, in its form. `quote` is room for one. */
static status make_evidence(struct ecc_key *key, uint8_t *quote, struct writer *evidence)
{
	uint8_t der[PUBLIC_KEY_SIZE_MAX], hash[EVIDENCE_HASH_SIZE], claims_bytes[CLAIMS_SIZE_MAX];
	uint8_t data[SGX_REPORT_DATA_SIZE] = {0};
	struct writer claims;
	size_t quote_size;

	int size = wc_EccPublicKeyToDer(key, der, sizeof der, 1);
	if (size <= 0)
		return wolfssl_failed("encode a public key", size);
	int code = wc_Sha256Hash(der, (word32)size, hash);
	writer_init(&claims, claims_bytes, sizeof claims_bytes);
	TRY(put_claims(&claims, hash));
	if (code == 0)
		code = wc_Sha256Hash(claims.data, (word32)claims.position, data);
	if (code != 0)
		return wolfssl_failed("hash", code);
	TRY(attest_quote(data, quote, &quote_size));
	return put_evidence(evidence, quote, quote_size, &claims);
}

/* Names and dates say nothing: nobody looks at them, and the clock is the host's. */
static status sign_certificate(Cert *certificate, struct ecc_key *key, struct WC_RNG *random, uint8_t *der,
			       size_t *ret_size)
{
	int code = wc_MakeCert(certificate, der, EVIDENCE_CERTIFICATE_SIZE_MAX, NULL, key, random);

	if (code < 0)
		return wolfssl_failed("make a certificate", code);
	code = wc_SignCert(certificate->bodySz, CTC_SHA256wECDSA, der, EVIDENCE_CERTIFICATE_SIZE_MAX, NULL, key,
			   random);
	if (code < 0)
		return wolfssl_failed("sign a certificate", code);
	*ret_size = (size_t)code;
	return STATUS_OK;
}

static status fill_certificate(Cert *certificate, const struct writer *evidence)
{
	int code = wc_InitCert(certificate);

	if (code == 0) {
		certificate->selfSigned = 1;
		certificate->sigType = CTC_SHA256wECDSA;
		strncpy(certificate->subject.commonName, "Bartizan enclave", CTC_NAME_SIZE - 1);
		code = wc_SetCustomExtension(certificate, 0, EVIDENCE_OID, evidence->data, (word32)evidence->position);
	}
	return code == 0 ? STATUS_OK : wolfssl_failed("describe a certificate", code);
}

/* Of the heap, which most runs have to spare: pages of its own would be added to each image. */
struct work {
	uint8_t quote[EVIDENCE_QUOTE_SIZE_MAX];
	uint8_t evidence[EVIDENCE_SIZE_MAX];
	Cert certificate;
};

static status make_certificate(struct work *work, struct ecc_key *key, struct WC_RNG *random, uint8_t *der,
			       size_t *ret_size)
{
	struct writer evidence;

	writer_init(&evidence, work->evidence, sizeof work->evidence);
	TRY(make_evidence(key, work->quote, &evidence));
	TRY(fill_certificate(&work->certificate, &evidence));
	return sign_certificate(&work->certificate, key, random, der, ret_size);
}

status attest_certificate(struct ecc_key *key, struct WC_RNG *random, uint8_t *der, size_t *ret_size)
{
	struct work *work = malloc(sizeof *work);

	if (work == NULL)
		return report(STATUS_NO_MEMORY, "no memory for evidence: the manifest gives the heap too little");
	status result = make_certificate(work, key, random, der, ret_size);
	free(work);
	return result;
}
