/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "host/image/signer.h"
#include "host/image/sigstruct.h"

static char message[1024];
static struct signer *signer;
static struct sgx_sigstruct good;
static uint8_t mrenclave[SGX_HASH_SIZE];

static void sink(void *context, status fault, const char *text)
{
	(void)context;
	(void)fault;
	snprintf(message, sizeof message, "%s", text);
}

static int make_key(void **state)
{
	const struct image_note_manifest manifest = {.isv_prod_id = 0x1234, .isv_svn = 7};

	(void)state;
	report_sink_set(sink, NULL);
	for (size_t i = 0; i < SGX_HASH_SIZE; i++)
		mrenclave[i] = (uint8_t)(3 * i + 1);
	if (signer_generate(&signer) != STATUS_OK)
		return -1;
	sigstruct_init(&manifest, mrenclave, 0x20260131, &good);
	return sigstruct_sign(signer, &good) == STATUS_OK ? 0 : -1;
}

static int drop_key(void **state)
{
	(void)state;
	signer_destroy(signer);
	return 0;
}

static void refused(const struct sgx_sigstruct *sigstruct, status fault, const char *said)
{
	message[0] = '\0';
	assert_int_equal(sigstruct_check("s.sig", sigstruct), fault);
	if (strstr(message, said) == NULL)
		fail_msg("\"%s\" should have said \"%s\"", message, said);
}

static void a_signature_is_accepted_by_what_einit_computes(void **state)
{
	(void)state;
	assert_int_equal(sigstruct_check("s.sig", &good), STATUS_OK);
	assert_int_equal(good.isv_prod_id, 0x1234);
	assert_int_equal(good.isv_svn, 7);
}

/* OpenSSL's own RSA, which doesn't know Q1 and Q2, must agree. */
static void openssl_verifies_the_same_signature(void **state)
{
	uint8_t signed_bytes[256], signature[SGX_MODULUS_SIZE];
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM *modulus = BN_lebin2bn(good.modulus, SGX_MODULUS_SIZE, NULL);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	EVP_PKEY *key = NULL;

	(void)state;
	memcpy(signed_bytes, &good, 128);
	memcpy(signed_bytes + 128, (const uint8_t *)&good + 900, 128);
	for (size_t i = 0; i < sizeof signature; i++)
		signature[i] = good.signature[sizeof signature - 1 - i];
	assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_ulong(builder, OSSL_PKEY_PARAM_RSA_E, 3), 1);
	OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters), 1);
	assert_int_equal(EVP_DigestVerifyInit(digest, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(EVP_DigestVerify(digest, signature, sizeof signature, signed_bytes, sizeof signed_bytes), 1);
	EVP_MD_CTX_free(digest);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(builder);
	BN_free(modulus);
}

/* Every byte of the structure counts. */
static void a_changed_byte_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good; i++) {
		struct sgx_sigstruct changed = good;

		((uint8_t *)&changed)[i] ^= (uint8_t)(1 << i % 8);
		message[0] = '\0';
		if (!status_is_fault(sigstruct_check("s.sig", &changed)))
			fail_msg("byte %zu may be changed", i);
		assert_true(message[0] != '\0');
	}
}

static void each_refusal_says_why(void **state)
{
	struct sgx_sigstruct s = good;

	(void)state;
	s.header[4] ^= 1;
	refused(&s, STATUS_MALFORMED, "headers are wrong");
	s = good;
	s.header2[15] = 1;
	refused(&s, STATUS_MALFORMED, "headers are wrong");
	s = good;
	s.vendor = 0x8087;
	refused(&s, STATUS_MALFORMED, "vendor 0x8087");
	s = good;
	s.vendor = 0x8086;
	refused(&s, STATUS_DENIED, "signature is wrong"); /* a vendor that exists, but it is signed */
	s = good;
	s.exponent = 65537;
	refused(&s, STATUS_MALFORMED, "exponent is 65537");
	s = good;
	s.reserved1[83] = 1;
	refused(&s, STATUS_MALFORMED, "reserved bytes");
	s = good;
	s.reserved4[0] = 1;
	refused(&s, STATUS_MALFORMED, "reserved bytes");
	s = good;
	s.modulus[SGX_MODULUS_SIZE - 1] = 0;
	refused(&s, STATUS_MALFORMED, "less than 3072 bits");
	s = good;
	s.q1[0] ^= 1;
	refused(&s, STATUS_DENIED, "Q1 doesn't fit");
	s = good;
	s.q2[0] ^= 1;
	refused(&s, STATUS_DENIED, "Q2 doesn't fit");
	s = good;
	memset(s.q1, 0, sizeof s.q1);
	refused(&s, STATUS_DENIED, "Q1 doesn't fit");
	s = good;
	memset(s.signature, 0xff, sizeof s.signature);
	refused(&s, STATUS_DENIED, "isn't smaller");
	s = good;
	s.isv_svn++;
	refused(&s, STATUS_DENIED, "signature is wrong");
	s = good;
	memset(s.signature, 0, sizeof s.signature);
	memset(s.q1, 0, sizeof s.q1);
	memset(s.q2, 0, sizeof s.q2);
	refused(&s, STATUS_DENIED, "signature is wrong");
}

static void denied(const struct sgx_secs *secs, const struct sgx_sigstruct *sigstruct, const char *said)
{
	message[0] = '\0';
	assert_int_equal(sigstruct_check_enclave("s.sig", sigstruct, secs, mrenclave), STATUS_DENIED);
	if (strstr(message, said) == NULL)
		fail_msg("\"%s\" should have said \"%s\"", message, said);
}

static void an_enclave_that_was_not_signed_for_is_refused(void **state)
{
	struct sgx_secs secs;
	struct image image = {.size = 1 << 20};
	uint8_t other[SGX_HASH_SIZE];

	(void)state;
	image_secs_init(&image, UINT64_MAX, &secs);
	assert_int_equal(secs.attributes.xfrm, IMAGE_XFRM_MAX);
	assert_int_equal(sigstruct_check_enclave("s.sig", &good, &secs, mrenclave), STATUS_OK);
	secs.attributes.xfrm = SGX_XFRM_LEGACY;
	secs.misc_select = 0;
	assert_int_equal(sigstruct_check_enclave("s.sig", &good, &secs, mrenclave), STATUS_OK);
	secs.attributes.xfrm = SGX_XFRM_LEGACY | 0x20000; /* AMX tiles */
	denied(&secs, &good, "XFRM");
	secs.attributes.xfrm = 1; /* SSE left out */
	denied(&secs, &good, "XFRM");
	image_secs_init(&image, 0, &secs);
	secs.misc_select |= 2;
	denied(&secs, &good, "MISCSELECT");
	for (unsigned bit = 0; bit < 64; bit++) {
		image_secs_init(&image, 0, &secs);
		secs.attributes.flags ^= UINT64_C(1) << bit;
		denied(&secs, &good, "attribute flags");
	}
	image_secs_init(&image, 0, &secs);
	memcpy(other, mrenclave, sizeof other);
	other[31] ^= 0x80;
	assert_int_equal(sigstruct_check_enclave("s.sig", &good, &secs, other), STATUS_DENIED);
	assert_non_null(strstr(message, "signature of another enclave"));
}

static void debug_is_signed_for_only_where_the_manifest_says_so(void **state)
{
	const struct image_note_manifest manifest = {.debug = 1};
	struct image image = {.size = 1 << 20, .notes.manifest = {.debug = 1}};
	struct sgx_sigstruct sigstruct;
	struct sgx_secs secs;

	(void)state;
	image_secs_init(&image, 0, &secs);
	assert_int_equal(secs.attributes.flags, SGX_ATTRIBUTE_MODE64BIT | SGX_ATTRIBUTE_DEBUG);
	denied(&secs, &good, "attribute flags");
	sigstruct_init(&manifest, mrenclave, 0x20260131, &sigstruct);
	assert_int_equal(sigstruct_check_enclave("s.sig", &sigstruct, &secs, mrenclave), STATUS_OK);
	secs.attributes.flags = SGX_ATTRIBUTE_MODE64BIT;
	denied(&secs, &sigstruct, "attribute flags");
}

static void a_file_of_another_size_is_no_sigstruct(void **state)
{
	uint8_t bytes[sizeof good + 1] = {0};
	struct sgx_sigstruct read;

	(void)state;
	memcpy(bytes, &good, sizeof good);
	assert_int_equal(sigstruct_read("s.sig", (struct span){bytes, sizeof good}, &read), STATUS_OK);
	assert_memory_equal(&read, &good, sizeof good);
	assert_int_equal(sigstruct_read("s.sig", (struct span){bytes, sizeof bytes}, &read), STATUS_MALFORMED);
	assert_int_equal(sigstruct_read("s.sig", (struct span){bytes, 0}, &read), STATUS_MALFORMED);
	assert_non_null(strstr(message, "0 bytes instead of 1808"));
}

static void a_key_is_made_once_and_stays_private(void **state)
{
	char directory[] = "/tmp/bartizan-signer-XXXXXX", path[64];
	uint8_t a[SGX_MODULUS_SIZE], b[SGX_MODULUS_SIZE];
	struct signer *key;
	struct stat stat_;
	bool made;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/signer.pem", directory);
	assert_int_equal(signer_load(path, &key), STATUS_MISSING);
	assert_int_equal(signer_load_or_make(path, &made, &key), STATUS_OK);
	assert_true(made);
	signer_modulus(key, a);
	assert_int_equal(signer_save(key, path), STATUS_USAGE);
	signer_destroy(key);
	assert_int_equal(stat(path, &stat_), 0);
	assert_int_equal(stat_.st_mode & 0777, 0600);
	assert_int_equal(signer_load_or_make(path, &made, &key), STATUS_OK);
	assert_false(made);
	signer_modulus(key, b);
	assert_memory_equal(a, b, sizeof a);
	signer_destroy(key);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(signer_load(path, &key), STATUS_DENIED);
	unlink(path);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_is_accepted_by_what_einit_computes),
		cmocka_unit_test(openssl_verifies_the_same_signature),
		cmocka_unit_test(a_changed_byte_anywhere_is_refused),
		cmocka_unit_test(each_refusal_says_why),
		cmocka_unit_test(an_enclave_that_was_not_signed_for_is_refused),
		cmocka_unit_test(debug_is_signed_for_only_where_the_manifest_says_so),
		cmocka_unit_test(a_file_of_another_size_is_no_sigstruct),
		cmocka_unit_test(a_key_is_made_once_and_stays_private),
	};

	return cmocka_run_group_tests(tests, make_key, drop_key);
}
