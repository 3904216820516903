/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"
#include "crypto/openssl/primitives.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "verifier/grants/keys.h"
#include "verifier/grants/primitives.h"

static char directory[64], path[96], public_path[96];
static char said[1024];

static void collect(void *context, status fault, const char *message)
{
	(void)context, (void)fault;
	snprintf(said, sizeof said, "%s", message);
}

static int setup(void **state)
{
	(void)state;
	snprintf(directory, sizeof directory, "/tmp/bartizan-keys-XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/k.pem", directory);
	snprintf(public_path, sizeof public_path, "%s/k.pub", directory);
	report_sink_set(collect, NULL);
	said[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	report_sink_set(NULL, NULL);
	unlink(path);
	unlink(public_path);
	return rmdir(directory);
}

static mode_t mode_of(const char *file)
{
	struct stat stat_;

	assert_int_equal(stat(file, &stat_), 0);
	return stat_.st_mode & 0777;
}

static void an_owner_key_is_the_same_after_it_was_saved(void **state)
{
	struct owner_key *made, *loaded;
	uint8_t public[START_OWNER_KEY_SIZE];

	assert_int_equal(owner_key_load_or_make(path, public_path, &made), STATUS_OK);
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(owner_key_load_or_make(path, public_path, &loaded), STATUS_OK);
	assert_memory_equal(owner_key_public(made), owner_key_public(loaded), START_OWNER_KEY_SIZE);
	assert_int_equal(owner_public_load(public_path, public), STATUS_OK);
	assert_memory_equal(public, owner_key_public(made), sizeof public);
	assert_int_equal(owner_public_load(path, public), STATUS_OK);
	assert_memory_equal(public, owner_key_public(made), sizeof public);
	owner_key_destroy(made);
	owner_key_destroy(loaded);
}

static void a_key_is_never_overwritten(void **state)
{
	struct owner_key *key;

	assert_int_equal(owner_key_generate(&key), STATUS_OK);
	assert_int_equal(owner_key_save(key, path, public_path), STATUS_OK);
	assert_int_equal(owner_key_save(key, path, public_path), STATUS_USAGE);
	assert_non_null(strstr(said, "never overwritten"));
	assert_int_equal(source_key_generate(path, public_path), STATUS_USAGE);
	owner_key_destroy(key);
}

static void a_private_key_that_others_can_read_is_refused(void **state)
{
	struct owner_key *key;

	assert_int_equal(owner_key_load_or_make(path, public_path, &key), STATUS_OK);
	owner_key_destroy(key);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(owner_key_load(path, &key), STATUS_DENIED);
	assert_non_null(strstr(said, "chmod 600"));
}

static void keys_of_the_other_kind_are_refused(void **state)
{
	uint8_t private[START_KEY_SIZE], public[START_KEY_SIZE], owner[START_OWNER_KEY_SIZE];
	struct owner_key *key;

	assert_int_equal(source_key_generate(path, public_path), STATUS_OK);
	assert_int_equal(owner_key_load(path, &key), STATUS_MALFORMED);
	assert_int_equal(owner_public_load(public_path, owner), STATUS_MALFORMED);
	unlink(path);
	unlink(public_path);
	assert_int_equal(owner_key_load_or_make(path, public_path, &key), STATUS_OK);
	assert_int_equal(source_key_load(path, private, public), STATUS_MALFORMED);
	assert_int_equal(source_public_load(public_path, public), STATUS_MALFORMED);
	owner_key_destroy(key);
}

static void a_source_key_comes_from_a_file_or_from_digits(void **state)
{
	uint8_t private[START_KEY_SIZE], public[START_KEY_SIZE], again[START_KEY_SIZE];
	char digits[2 * START_KEY_SIZE + 1];

	assert_int_equal(source_key_generate(path, public_path), STATUS_OK);
	assert_int_equal(source_key_load(path, private, public), STATUS_OK);
	assert_int_equal(source_public_load(public_path, again), STATUS_OK);
	assert_memory_equal(public, again, sizeof public);
	key_to_hex(public, sizeof public, digits);
	memset(again, 0, sizeof again);
	assert_int_equal(source_public_load(digits, again), STATUS_OK);
	assert_memory_equal(public, again, sizeof public);
	digits[5] = 'x';
	assert_int_equal(source_public_load(digits, again), STATUS_IO);
}

static void sha256_of(const char *text, uint8_t digest[LINK_HASH_SIZE])
{
	const struct span part = {(const uint8_t *)text, strlen(text)};

	assert_int_equal(verifier_primitives()->sha256(&part, 1, digest), STATUS_OK);
}

/* RFC 6979, A.2.5: P-256 with SHA-256, message "sample". Any signer may choose its
 * own k; what verifies must verify here. */
static void a_published_signature_verifies_and_a_changed_one_does_not(void **state)
{
	uint8_t public[START_OWNER_KEY_SIZE], signature[LINK_SIGNATURE_SIZE];
	uint8_t sample[LINK_HASH_SIZE], other[LINK_HASH_SIZE];

	assert_int_equal(key_from_hex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
				      "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
				      public, sizeof public),
			 STATUS_OK);
	assert_int_equal(key_from_hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
				      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
				      signature, sizeof signature),
			 STATUS_OK);
	sha256_of("sample", sample);
	sha256_of("simple", other);
	assert_int_equal(openssl_p256_verify(public, sample, signature), STATUS_OK);
	assert_int_equal(openssl_p256_verify(public, other, signature), STATUS_MALFORMED);
	for (size_t i = 0; i < sizeof signature; i++) {
		signature[i] ^= 1;
		assert_int_equal(openssl_p256_verify(public, sample, signature), STATUS_MALFORMED);
		signature[i] ^= 1;
	}
	public[3] ^= 4; /* no point of the curve any more */
	assert_int_equal(openssl_p256_verify(public, sample, signature), STATUS_MALFORMED);
}

static void what_the_owner_signs_verifies_with_the_public_key(void **state)
{
	uint8_t signature[LINK_SIGNATURE_SIZE], digest[LINK_HASH_SIZE] = {0};
	struct owner_key *key;

	assert_int_equal(owner_key_generate(&key), STATUS_OK);
	/* r or s has leading zeros once in 128 times. */
	for (int i = 0; i < 400; i++) {
		memcpy(digest, &i, sizeof i);
		assert_int_equal(owner_key_sign(key, digest, signature), STATUS_OK);
		assert_int_equal(openssl_p256_verify(owner_key_public(key), digest, signature), STATUS_OK);
	}
	owner_key_destroy(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_owner_key_is_the_same_after_it_was_saved, setup, teardown),
		cmocka_unit_test_setup_teardown(a_key_is_never_overwritten, setup, teardown),
		cmocka_unit_test_setup_teardown(a_private_key_that_others_can_read_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(keys_of_the_other_kind_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_source_key_comes_from_a_file_or_from_digits, setup, teardown),
		cmocka_unit_test(a_published_signature_verifies_and_a_changed_one_does_not),
		cmocka_unit_test(what_the_owner_signs_verifies_with_the_public_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
