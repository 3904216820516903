/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/platform.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>

#include "base/report.h"
#include "wire/sim-quote.h"

enum {
	SCALAR_SIZE = 32,
	POINT_SIZE = 65,
	/* One in 2^32 candidates is no scalar of P-256: its order begins with 32 ones. */
	CANDIDATE_COUNT_MAX = 8,
};

/* As long as anything of Bartizan may run: nothing rests on a fake's dates. */
static const char valid_from[] = "20200101000000Z", valid_until[] = "20491231235959Z";

static void kdf_deinit(EVP_KDF **kdf)
{
	EVP_KDF_free(*kdf);
}

static void kdf_context_deinit(EVP_KDF_CTX **context)
{
	EVP_KDF_CTX_free(*context);
}

static void bignum_deinit(BIGNUM **number)
{
	BN_clear_free(*number);
}

static void group_deinit(EC_GROUP **group)
{
	EC_GROUP_free(*group);
}

static void point_deinit(EC_POINT **point)
{
	EC_POINT_free(*point);
}

static void builder_deinit(OSSL_PARAM_BLD **builder)
{
	OSSL_PARAM_BLD_free(*builder);
}

static void parameters_deinit(OSSL_PARAM **parameters)
{
	OSSL_PARAM_free(*parameters);
}

static void key_context_deinit(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
}

static void extension_deinit(X509_EXTENSION **extension)
{
	X509_EXTENSION_free(*extension);
}

#define CLEANUP(function) __attribute__((cleanup(function)))

/* HKDF-SHA256 of the secret; `info` is the key's name and a count. */
static bool expand(const struct sim_root *root, const char *name, uint8_t count, uint8_t ret_bytes[SCALAR_SIZE])
{
	EVP_KDF *kdf CLEANUP(kdf_deinit) = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context CLEANUP(kdf_context_deinit) = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	uint8_t info[64] = {0};
	char digest[] = "SHA256";
	struct sim_root secret = *root;
	size_t size = (size_t)snprintf((char *)info, sizeof info - 1, "%s", name);

	info[size++] = count;
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.secret, sizeof secret.secret),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, size),
		OSSL_PARAM_END,
	};
	bool done = context != NULL && EVP_KDF_derive(context, ret_bytes, SCALAR_SIZE, parameters) == 1;

	explicit_bzero(&secret, sizeof secret);
	return done;
}

static EVP_PKEY *key_from(const EC_GROUP *group, const BIGNUM *scalar)
{
	EC_POINT *point CLEANUP(point_deinit) = EC_POINT_new(group);
	OSSL_PARAM_BLD *builder CLEANUP(builder_deinit) = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context CLEANUP(key_context_deinit) = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	uint8_t bytes[POINT_SIZE];
	EVP_PKEY *key = NULL;

	if (point == NULL || builder == NULL || context == NULL ||
	    EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) != 1 ||
	    EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, bytes, sizeof bytes, NULL) !=
		    sizeof bytes ||
	    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, bytes, sizeof bytes) != 1 ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar) != 1)
		return NULL;
	OSSL_PARAM *parameters CLEANUP(parameters_deinit) = OSSL_PARAM_BLD_to_param(builder);
	if (parameters == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters) != 1)
		return NULL;
	return key;
}

/* The key of that name; NULL: OpenSSL failed. */
static EVP_PKEY *derive_key(const struct sim_root *root, const char *name)
{
	EC_GROUP *group CLEANUP(group_deinit) = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	uint8_t bytes[SCALAR_SIZE];

	for (uint8_t count = 0; group != NULL && count < CANDIDATE_COUNT_MAX; count++) {
		if (!expand(root, name, count, bytes))
			return NULL;
		BIGNUM *scalar CLEANUP(bignum_deinit) = BN_bin2bn(bytes, sizeof bytes, NULL);
		explicit_bzero(bytes, sizeof bytes);
		if (scalar == NULL)
			return NULL;
		if (!BN_is_zero(scalar) && BN_cmp(scalar, EC_GROUP_get0_order(group)) < 0)
			return key_from(group, scalar);
	}
	return NULL;
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension CLEANUP(extension_deinit) = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	return extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
}

static bool fill_certificate(const struct sim_party *party, const struct sim_party *issuer, const char *name,
			     bool is_ca, long serial)
{
	X509 *certificate = party->certificate;

	return X509_set_version(certificate, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial) == 1 &&
	       ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), valid_from) == 1 &&
	       ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), valid_until) == 1 &&
	       X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
					  (const unsigned char *)name, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(certificate, X509_get_subject_name(issuer->certificate)) == 1 &&
	       X509_set_pubkey(certificate, party->key) == 1 &&
	       add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
	       add_extension(certificate, issuer->certificate, NID_authority_key_identifier, "keyid:always") &&
	       add_extension(certificate, NULL, NID_basic_constraints,
			     is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
	       add_extension(certificate, NULL, NID_key_usage,
			     is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
	       X509_sign(certificate, issuer->key, EVP_sha256()) > 0;
}

static bool make_party(struct sim_party *party, const struct sim_party *issuer, const struct sim_root *root,
		       const char *name, bool is_ca, long serial)
{
	party->key = derive_key(root, name);
	party->certificate = X509_new();
	return party->key != NULL && party->certificate != NULL && fill_certificate(party, issuer, name, is_ca, serial);
}

status sim_platform_init(struct sim_platform *platform, const struct sim_root *root)
{
	struct sim_platform made = {0};

	made.attestation = derive_key(root, "FAKE attestation key of sim");
	if (made.attestation == NULL || !make_party(&made.root, &made.root, root, SIM_QUOTE_ROOT_NAME, true, 1) ||
	    !make_party(&made.ca, &made.root, root, SIM_QUOTE_CA_NAME, true, 2) ||
	    !make_party(&made.pck, &made.ca, root, SIM_QUOTE_PCK_NAME, false, 3)) {
		sim_platform_deinit(&made);
		return report(STATUS_INTERNAL, "OpenSSL makes no keys and certificates for the fake platform");
	}
	*platform = made;
	return STATUS_OK;
}

static void party_deinit(struct sim_party *party)
{
	EVP_PKEY_free(party->key);
	X509_free(party->certificate);
}

void sim_platform_deinit(struct sim_platform *platform)
{
	party_deinit(&platform->root);
	party_deinit(&platform->ca);
	party_deinit(&platform->pck);
	EVP_PKEY_free(platform->attestation);
	*platform = (struct sim_platform){0};
}

status sim_platform_fingerprint(const struct sim_platform *platform, uint8_t ret_fingerprint[SIM_FINGERPRINT_SIZE])
{
	unsigned char *der = NULL;
	int size = i2d_PUBKEY(platform->root.key, &der);
	bool done = size > 0 && EVP_Digest(der, (size_t)size, ret_fingerprint, NULL, EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	return done ? STATUS_OK : report(STATUS_INTERNAL, "OpenSSL encodes no public key");
}
