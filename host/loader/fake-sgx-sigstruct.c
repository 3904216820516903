/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EINIT's view of a SIGSTRUCT: SDM vol. 3D, table 38-19, "EINIT: Operation". */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <string.h>

#include "host/loader/fake-sgx.h"

enum {
	AT_VENDOR = 16,
	AT_HEADER2 = 24,
	AT_RESERVED1 = 44,
	AT_MODULUS = 128,
	AT_EXPONENT = 512,
	AT_SIGNATURE = 516,
	AT_MISCSELECT = 900,
	AT_MISCMASK = 904,
	AT_RESERVED2 = 908, /* CET's, reserved2 and ISVFAMILYID: zero without CET and KSS */
	AT_ATTRIBUTES = 928,
	AT_ATTRIBUTEMASK = 944,
	AT_ENCLAVEHASH = 960,
	AT_RESERVED3 = 992, /* and ISVEXTPRODID */
	AT_ISVPRODID = 1024,
	AT_RESERVED4 = 1028,
	AT_Q1 = 1040,
	AT_Q2 = 1424,
	NUMBER_SIZE = 384,
	SECS_AT_MISCSELECT = 20,
	SECS_AT_ATTRIBUTES = 48,

	INVALID_SIG_STRUCT = 1,
	INVALID_ATTRIBUTE = 2,
	INVALID_MEASUREMENT = 4,
	INVALID_SIGNATURE = 8,
};

static int refuse(int code, const char *why)
{
	snprintf(fake_sgx.refusal, sizeof fake_sgx.refusal, "EINIT: %s", why);
	return code;
}

static bool zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static uint64_t number(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i > 0; i--)
		value = value << 8 | bytes[i - 1];
	return value;
}

static bool header_is_right(const uint8_t *s)
{
	static const uint8_t header[16] = {0x06, 0, 0, 0, 0xe1, 0, 0, 0, 0, 0, 0x01};
	static const uint8_t header2[16] = {0x01, 0x01, 0, 0, 0x60, 0, 0, 0, 0x60, 0, 0, 0, 0x01};
	uint64_t vendor = number(s + AT_VENDOR, 4);

	return memcmp(s, header, 16) == 0 && memcmp(s + AT_HEADER2, header2, 16) == 0 &&
	       (vendor == 0 || vendor == 0x8086) && number(s + AT_EXPONENT, 4) == 3;
}

static bool reserved_is_zero(const uint8_t *s)
{
	return zero(s + AT_RESERVED1, AT_MODULUS - AT_RESERVED1) &&
	       zero(s + AT_RESERVED2, AT_ATTRIBUTES - AT_RESERVED2) &&
	       zero(s + AT_RESERVED3, AT_ISVPRODID - AT_RESERVED3) && zero(s + AT_RESERVED4, AT_Q1 - AT_RESERVED4);
}

/* PKCS #1 v1.5 over SHA-256, by OpenSSL's own verification. */
static bool signature_is_right(const uint8_t *s, const BIGNUM *modulus)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM *exponent = BN_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	EVP_PKEY *key = NULL;
	OSSL_PARAM *parameters;
	uint8_t signature[NUMBER_SIZE];
	bool right;

	for (size_t i = 0; i < NUMBER_SIZE; i++)
		signature[i] = s[AT_SIGNATURE + NUMBER_SIZE - 1 - i];
	BN_set_word(exponent, 3);
	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus);
	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent);
	parameters = OSSL_PARAM_BLD_to_param(builder);
	right = EVP_PKEY_fromdata_init(context) == 1 &&
		EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1 &&
		EVP_DigestVerifyInit(digest, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestVerifyUpdate(digest, s, AT_MODULUS) == 1 &&
		EVP_DigestVerifyUpdate(digest, s + AT_MISCSELECT, AT_RESERVED4 - AT_MISCSELECT) == 1 &&
		EVP_DigestVerifyFinal(digest, signature, sizeof signature) == 1;
	EVP_PKEY_free(key);
	EVP_MD_CTX_free(digest);
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(parameters);
	BN_free(exponent);
	OSSL_PARAM_BLD_free(builder);
	return right;
}

/* Q1 = floor(S^2 / N), Q2 = floor((S^2 - Q1 N) S / N), and S below N. */
static bool quotients_are_right(const uint8_t *s, const BIGNUM *modulus)
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *signature = BN_lebin2bn(s + AT_SIGNATURE, NUMBER_SIZE, NULL),
	       *q1 = BN_lebin2bn(s + AT_Q1, NUMBER_SIZE, NULL), *q2 = BN_lebin2bn(s + AT_Q2, NUMBER_SIZE, NULL),
	       *product = BN_new(), *quotient = BN_new(), *rest = BN_new();
	bool right = BN_cmp(signature, modulus) < 0;

	BN_sqr(product, signature, context);
	BN_div(quotient, rest, product, modulus, context);
	right = right && BN_cmp(quotient, q1) == 0;
	BN_mul(product, rest, signature, context);
	BN_div(quotient, rest, product, modulus, context);
	right = right && BN_cmp(quotient, q2) == 0;
	BN_free(signature);
	BN_free(q1);
	BN_free(q2);
	BN_free(product);
	BN_free(quotient);
	BN_free(rest);
	BN_CTX_free(context);
	return right;
}

static int check_signature(const uint8_t *s)
{
	BIGNUM *modulus = BN_lebin2bn(s + AT_MODULUS, NUMBER_SIZE, NULL);
	int code = 0;

	if (BN_num_bits(modulus) != 3072)
		code = refuse(INVALID_SIGNATURE, "the modulus doesn't have 3072 bits");
	else if (!signature_is_right(s, modulus))
		code = refuse(INVALID_SIGNATURE, "the signature is wrong");
	else if (!quotients_are_right(s, modulus))
		code = refuse(INVALID_SIGNATURE, "Q1 or Q2 is wrong");
	BN_free(modulus);
	return code;
}

/* Every bit that the mask names must be as signed: FLAGS and XFRM, MISCSELECT. */
static bool attributes_fit(const uint8_t *s, const uint8_t *secs)
{
	for (size_t i = 0; i < 16; i++)
		if ((secs[SECS_AT_ATTRIBUTES + i] ^ s[AT_ATTRIBUTES + i]) & s[AT_ATTRIBUTEMASK + i])
			return false;
	for (size_t i = 0; i < 4; i++)
		if ((secs[SECS_AT_MISCSELECT + i] ^ s[AT_MISCSELECT + i]) & s[AT_MISCMASK + i])
			return false;
	return true;
}

int fake_sgx_einit(const uint8_t *sigstruct, const uint8_t *secs, const uint8_t *mrenclave)
{
	int code;

	if (!header_is_right(sigstruct))
		return refuse(INVALID_SIG_STRUCT, "header, vendor or exponent");
	if (!reserved_is_zero(sigstruct))
		return refuse(INVALID_SIG_STRUCT, "reserved bytes");
	code = check_signature(sigstruct);
	if (code != 0)
		return code;
	if (memcmp(sigstruct + AT_ENCLAVEHASH, mrenclave, 32) != 0)
		return refuse(INVALID_MEASUREMENT, "another MRENCLAVE was signed");
	if (!attributes_fit(sigstruct, secs))
		return refuse(INVALID_ATTRIBUTE, "other attributes were signed");
	if (EVP_Digest(sigstruct + AT_MODULUS, NUMBER_SIZE, fake_sgx.mrsigner, NULL, EVP_sha256(), NULL) != 1)
		return refuse(INVALID_SIGNATURE, "SHA-256 fails");
	return 0;
}
