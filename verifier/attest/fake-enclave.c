/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/attest/fake-enclave.h"

#include <string.h>

#include "base/test.h"
#include "sim/key.h"
#include "sim/quoting.h"

/* CBOR, by hand: a head of the major type, then bytes. */
size_t fake_cbor_head(uint8_t *place, uint8_t major, size_t value)
{
	if (value < 24) {
		place[0] = (uint8_t)(major << 5 | value);
		return 1;
	}
	place[0] = (uint8_t)(major << 5 | 25);
	place[1] = (uint8_t)(value >> 8);
	place[2] = (uint8_t)value;
	return 3;
}

size_t fake_cbor_bytes(uint8_t *place, const void *bytes, size_t size)
{
	size_t head = fake_cbor_head(place, 2, size);

	memcpy(place + head, bytes, size);
	return head + size;
}

/* {"pubkey-hash": «[1, hash]»} */
size_t fake_claims(uint8_t *place, const uint8_t hash[32])
{
	static const uint8_t name[] = "\xa1\x6bpubkey-hash\x58\x24\x82\x01\x58\x20";

	memcpy(place, name, sizeof name - 1);
	memcpy(place + sizeof name - 1, hash, 32);
	return sizeof name - 1 + 32;
}

size_t fake_evidence(uint8_t *place, struct span quote, struct span claims)
{
	static const uint8_t head[] = {0xd9, 0xea, 0x60, 0x82};
	size_t size = sizeof head;

	memcpy(place, head, sizeof head);
	size += fake_cbor_bytes(place + size, quote.data, quote.size);
	return size + fake_cbor_bytes(place + size, claims.data, claims.size);
}

size_t fake_quote(const struct sim_root *root, const struct sgx_secs *secs, const uint8_t data[SGX_REPORT_DATA_SIZE],
		  uint8_t quote[SIM_QUOTE_SIZE_MAX])
{
	struct sgx_targetinfo target;
	struct sgx_report made;
	size_t size;

	assert_int_equal(sim_quoting_targetinfo(&target), STATUS_OK);
	assert_int_equal(sim_report_make(root, secs, &target, data, &made), STATUS_OK);
	assert_int_equal(sim_quote_make(root, &made, quote, SIM_QUOTE_SIZE_MAX, &size), STATUS_OK);
	return size;
}

void fake_key_hash(EVP_PKEY *key, uint8_t hash[32])
{
	unsigned char *der = NULL;
	int size = i2d_PUBKEY(key, &der);

	assert_true(size > 0);
	assert_int_equal(EVP_Digest(der, (size_t)size, hash, NULL, EVP_sha256(), NULL), 1);
	OPENSSL_free(der);
}

static void add_evidence(X509 *certificate, const uint8_t *cbor, size_t size)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(EVIDENCE_OID, 1);
	ASN1_OCTET_STRING *content = ASN1_OCTET_STRING_new();

	assert_int_equal(ASN1_OCTET_STRING_set(content, cbor, (int)size), 1);
	X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, content);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(content);
	ASN1_OBJECT_free(oid);
}

X509 *fake_certificate(EVP_PKEY *key, EVP_PKEY *signer, const uint8_t *cbor, size_t size, int times)
{
	X509 *certificate = X509_new();

	assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	for (int i = 0; i < times; i++)
		add_evidence(certificate, cbor, size);
	assert_true(X509_sign(certificate, signer, EVP_sha256()) > 0);
	return certificate;
}
