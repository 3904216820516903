/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/quoting.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/reader.h"
#include "base/report.h"
#include "base/writer.h"
#include "sim/key.h"
#include "wire/sim-quote.h"

enum {
	QUOTE_VERSION = 3,
	QUOTE_ECDSA_P256 = 2, /* the attestation key's type */
	QUOTE_PCK_CHAIN = 5, /* certification data: PEM, leaf first */
	VENDOR_SIZE = 16,
	USER_DATA_SIZE = 20,
	/* A report without its KEYID and MAC. */
	REPORT_SIZE = offsetof(struct sgx_report, key_id),
	KEY_SIZE = 64, /* x ‖ y */
	SIGNATURE_SIZE = 64, /* r ‖ s */
	HASH_SIZE = 32,
	/* As long as Intel's. */
	AUTHENTICATION_SIZE = 32,
};

static const uint8_t vendor[VENDOR_SIZE] = SIM_QUOTE_VENDOR;
/* Bytes that stand beside the attestation key in the quoting enclave's REPORTDATA. */
static const uint8_t authentication[AUTHENTICATION_SIZE] = "FAKE: simulated, proves nothing";

static void bio_deinit(BIO **bio)
{
	BIO_free(*bio);
}

static void digest_deinit(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

static void signature_deinit(ECDSA_SIG **signature)
{
	ECDSA_SIG_free(*signature);
}

#define CLEANUP(function) __attribute__((cleanup(function)))

static status sha256(const void *data, size_t size, uint8_t ret_hash[HASH_SIZE])
{
	if (EVP_Digest(data, size, ret_hash, NULL, EVP_sha256(), NULL) != 1)
		return report(STATUS_INTERNAL, "OpenSSL computes no SHA-256");
	return STATUS_OK;
}

status sim_quoting_targetinfo(struct sgx_targetinfo *ret_target)
{
	struct sgx_targetinfo target = {0};

	TRY(sha256(SIM_QUOTE_ENCLAVE_NAME, strlen(SIM_QUOTE_ENCLAVE_NAME), target.mrenclave));
	*ret_target = target;
	return STATUS_OK;
}

static status raw_key(EVP_PKEY *key, uint8_t ret_key[KEY_SIZE])
{
	uint8_t point[1 + KEY_SIZE];
	size_t size = 0;

	if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &size) != 1 ||
	    size != sizeof point)
		return report(STATUS_INTERNAL, "OpenSSL encodes no public key");
	memcpy(ret_key, point + 1, KEY_SIZE);
	return STATUS_OK;
}

/* ECDSA with SHA-256, as r ‖ s. */
static status sign(EVP_PKEY *key, const void *data, size_t size, uint8_t ret_signature[SIGNATURE_SIZE])
{
	EVP_MD_CTX *context CLEANUP(digest_deinit) = EVP_MD_CTX_new();
	uint8_t der[128];
	size_t der_size = sizeof der;
	const unsigned char *end = der;

	if (context == NULL || EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestSign(context, der, &der_size, data, size) != 1)
		return report(STATUS_INTERNAL, "OpenSSL signs nothing");
	ECDSA_SIG *signature CLEANUP(signature_deinit) = d2i_ECDSA_SIG(NULL, &end, (long)der_size);
	if (signature == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(signature), ret_signature, SIGNATURE_SIZE / 2) < 0 ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(signature), ret_signature + SIGNATURE_SIZE / 2, SIGNATURE_SIZE / 2) < 0)
		return report(STATUS_INTERNAL, "OpenSSL signs nothing");
	return STATUS_OK;
}

/* What Intel's quoting enclave would say of itself: its REPORTDATA binds the attestation key. */
static status fill_quoting_report(const uint8_t key[KEY_SIZE], struct sgx_report *report)
{
	uint8_t bound[KEY_SIZE + AUTHENTICATION_SIZE];

	memset(report, 0, sizeof *report);
	memcpy(report->cpusvn, sim_cpusvn, sizeof report->cpusvn);
	report->attributes = (struct sgx_attributes){SGX_ATTRIBUTE_INIT | SGX_ATTRIBUTE_MODE64BIT, SGX_XFRM_LEGACY};
	TRY(sha256(SIM_QUOTE_ENCLAVE_NAME, strlen(SIM_QUOTE_ENCLAVE_NAME), report->mrenclave));
	TRY(sha256(SIM_QUOTE_SIGNER_NAME, strlen(SIM_QUOTE_SIGNER_NAME), report->mrsigner));
	report->isv_prod_id = 1;
	report->isv_svn = 1;
	memcpy(bound, key, KEY_SIZE);
	memcpy(bound + KEY_SIZE, authentication, AUTHENTICATION_SIZE);
	return sha256(bound, sizeof bound, report->report_data);
}

static status make_chain(const struct sim_platform *platform, BIO *bio, struct span *ret_pem)
{
	char *data = NULL;

	if (bio == NULL || PEM_write_bio_X509(bio, platform->pck.certificate) != 1 ||
	    PEM_write_bio_X509(bio, platform->ca.certificate) != 1 ||
	    PEM_write_bio_X509(bio, platform->root.certificate) != 1)
		return report(STATUS_INTERNAL, "OpenSSL encodes no certificates");
	long size = BIO_get_mem_data(bio, &data);
	*ret_pem = (struct span){(const uint8_t *)data, (size_t)size};
	return STATUS_OK;
}

static status put_header(struct writer *writer)
{
	TRY(writer_u16(writer, QUOTE_VERSION));
	TRY(writer_u16(writer, QUOTE_ECDSA_P256));
	TRY(writer_u32(writer, 0));
	TRY(writer_u16(writer, 1)); /* SVN of the quoting enclave, */
	TRY(writer_u16(writer, 0)); /* of the provisioning certification enclave: there is none */
	TRY(writer_bytes(writer, vendor, sizeof vendor));
	return writer_zeros(writer, USER_DATA_SIZE);
}

static status put_quoting_enclave(struct writer *writer, const struct sim_platform *platform,
				  const uint8_t key[KEY_SIZE])
{
	BIO *bio CLEANUP(bio_deinit) = BIO_new(BIO_s_mem());
	uint8_t signature[SIGNATURE_SIZE];
	struct sgx_report quoting;
	struct span chain = {0};

	TRY(fill_quoting_report(key, &quoting));
	TRY(sign(platform->pck.key, &quoting, REPORT_SIZE, signature));
	TRY(make_chain(platform, bio, &chain));
	TRY(writer_bytes(writer, &quoting, REPORT_SIZE));
	TRY(writer_bytes(writer, signature, sizeof signature));
	TRY(writer_u16(writer, sizeof authentication));
	TRY(writer_bytes(writer, authentication, sizeof authentication));
	TRY(writer_u16(writer, QUOTE_PCK_CHAIN));
	TRY(writer_u32(writer, (uint32_t)chain.size));
	return writer_bytes(writer, chain.data, chain.size);
}

/* Everything; the size of the signature's part is filled in when it is known. */
static status put_quote(struct writer *writer, const struct sim_platform *platform, const struct sgx_report *report)
{
	uint8_t key[KEY_SIZE], signature[SIGNATURE_SIZE];
	struct writer size_place;

	TRY(put_header(writer));
	TRY(writer_bytes(writer, report, REPORT_SIZE));
	TRY(sign(platform->attestation, writer->data, writer->position, signature));
	TRY(raw_key(platform->attestation, key));
	writer_init(&size_place, writer->data + writer->position, writer_left(writer));
	TRY(writer_u32(writer, 0));
	const size_t start = writer->position;
	TRY(writer_bytes(writer, signature, sizeof signature));
	TRY(writer_bytes(writer, key, sizeof key));
	TRY(put_quoting_enclave(writer, platform, key));
	return writer_u32(&size_place, (uint32_t)(writer->position - start));
}

status sim_quote_make(const struct sim_root *root, const struct sgx_report *report_, uint8_t *quote, size_t size,
		      size_t *ret_size)
{
	struct sim_platform platform;
	struct sgx_targetinfo target;
	struct writer writer;

	TRY(sim_quoting_targetinfo(&target));
	TRY(sim_report_verify(root, report_, &target));
	TRY(sim_platform_init(&platform, root));
	writer_init(&writer, quote, size);
	status result = put_quote(&writer, &platform, report_);
	sim_platform_deinit(&platform);
	if (result == STATUS_END || result == STATUS_LIMIT)
		return report(STATUS_LIMIT, "a quote doesn't fit into %zu bytes", size);
	TRY(result);
	*ret_size = writer.position;
	return STATUS_OK;
}
