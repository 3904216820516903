/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/loader/fake-sgx-sign.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_SIZE = 384 };

static void must(int result)
{
	if (result <= 0)
		abort();
}

static EVP_PKEY *key_of_this_process(void)
{
	static EVP_PKEY *key;
	EVP_PKEY_CTX *context;
	BIGNUM *exponent;

	if (key != NULL)
		return key;
	context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	exponent = BN_new();
	BN_set_word(exponent, 3);
	must(EVP_PKEY_keygen_init(context));
	must(EVP_PKEY_CTX_set_rsa_keygen_bits(context, 3072));
	must(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, exponent));
	must(EVP_PKEY_generate(context, &key));
	BN_free(exponent);
	EVP_PKEY_CTX_free(context);
	return key;
}

void fake_sgx_sigstruct_init(uint8_t *s, const uint8_t mrenclave[32])
{
	static const uint8_t date[4] = {0x22, 0x11, 0x26, 0x20};
	static const uint8_t header[16] = {0x06, 0, 0, 0, 0xe1, 0, 0, 0, 0, 0, 0x01};
	static const uint8_t header2[16] = {0x01, 0x01, 0, 0, 0x60, 0, 0, 0, 0x60, 0, 0, 0, 0x01};

	memset(s, 0, FAKE_SGX_SIGSTRUCT_SIZE);
	memcpy(s, header, 16);
	memcpy(s + 20, date, sizeof date);
	memcpy(s + 24, header2, 16);
	s[928] = 4; /* MODE64BIT */
	s[936] = 3;
	memset(s + 944, 0xff, 8);
	s[952] = 3;
	memcpy(s + 960, mrenclave, 32);
}

static void put_number(uint8_t *to, const BIGNUM *value)
{
	must(BN_bn2lebinpad(value, to, NUMBER_SIZE));
}

static void put_quotients(uint8_t *s, const BIGNUM *modulus, const BIGNUM *signature)
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *product = BN_new(), *quotient = BN_new(), *rest = BN_new();

	BN_sqr(product, signature, context);
	BN_div(quotient, rest, product, modulus, context);
	put_number(s + 1040, quotient);
	BN_mul(product, rest, signature, context);
	BN_div(quotient, rest, product, modulus, context);
	put_number(s + 1424, quotient);
	BN_free(product);
	BN_free(quotient);
	BN_free(rest);
	BN_CTX_free(context);
}

void fake_sgx_sigstruct_sign(uint8_t *s)
{
	uint8_t signed_bytes[256], bytes[NUMBER_SIZE];
	EVP_PKEY *key = key_of_this_process();
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	size_t size = sizeof bytes;
	BIGNUM *modulus = NULL, *signature;

	memcpy(signed_bytes, s, 128);
	memcpy(signed_bytes + 128, s + 900, 128);
	must(EVP_DigestSignInit(digest, NULL, EVP_sha256(), NULL, key));
	must(EVP_DigestSign(digest, bytes, &size, signed_bytes, sizeof signed_bytes));
	must(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus));
	signature = BN_bin2bn(bytes, sizeof bytes, NULL);
	memset(s + 512, 0, 4);
	s[512] = 3;
	put_number(s + 128, modulus);
	put_number(s + 516, signature);
	put_quotients(s, modulus, signature);
	BN_free(signature);
	BN_free(modulus);
	EVP_MD_CTX_free(digest);
}
