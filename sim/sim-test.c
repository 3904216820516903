/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expected keys come from `openssl mac -cipher AES-256-CBC -macopt hexkey:000102…1f CMAC` over struct
 * sim_key_dependencies packed by Python, not from this code.
 */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "sim/key.h"

static struct sim_root root;
static struct sgx_secs secs;

static void sink(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

static int setup(void **state)
{
	(void)state;
	report_sink_set(sink, NULL);
	for (size_t i = 0; i < SIM_ROOT_SIZE; i++)
		root.secret[i] = (uint8_t)i;
	secs = (struct sgx_secs){
		.attributes = {SGX_ATTRIBUTE_INIT | SGX_ATTRIBUTE_MODE64BIT | SGX_ATTRIBUTE_PROVISION_KEY, 0xe7},
		.misc_select = SGX_MISC_EXINFO,
		.isv_prod_id = 7,
		.isv_svn = 3,
		.config_svn = 5,
	};
	memset(secs.mrenclave, 0x11, sizeof secs.mrenclave);
	memset(secs.mrsigner, 0x22, sizeof secs.mrsigner);
	memset(secs.config_id, 0x44, sizeof secs.config_id);
	return 0;
}

static uint64_t get(const struct sgx_keyrequest *request, uint8_t key[SGX_KEY_SIZE])
{
	uint64_t error = UINT64_MAX;

	assert_int_equal(sim_key_get(&root, &secs, request, &error, key), STATUS_OK);
	return error;
}

static void expect_key(const struct sgx_keyrequest *request, const char *expected)
{
	uint8_t key[SGX_KEY_SIZE];
	char text[2 * SGX_KEY_SIZE + 1];

	assert_int_equal(get(request, key), SGX_SUCCESS);
	for (size_t i = 0; i < SGX_KEY_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", key[i]);
	assert_string_equal(text, expected);
}

static void keys_depend_on_what_the_policy_names(void **state)
{
	struct sgx_keyrequest by_enclave = {.key_name = SGX_KEY_SEAL,
					    .key_policy = SGX_KEYPOLICY_MRENCLAVE,
					    .isv_svn = 3,
					    .cpusvn = {1},
					    .attribute_mask = {UINT64_MAX, UINT64_MAX},
					    .misc_mask = 1};
	const struct sgx_keyrequest by_signer = {
		.key_name = SGX_KEY_SEAL, .key_policy = SGX_KEYPOLICY_MRSIGNER, .isv_svn = 2};
	const struct sgx_keyrequest by_config = {.key_name = SGX_KEY_SEAL,
						 .key_policy = SGX_KEYPOLICY_MRSIGNER | SGX_KEYPOLICY_NOISVPRODID |
							       SGX_KEYPOLICY_CONFIGID,
						 .config_svn = 5};
	const struct sgx_keyrequest provision = {.key_name = SGX_KEY_PROVISION, .isv_svn = 1};
	struct sgx_keyrequest own = {.key_name = SGX_KEY_REPORT};

	(void)state;
	memset(by_enclave.key_id, 0x33, sizeof by_enclave.key_id);
	memset(own.key_id, 0x33, sizeof own.key_id);
	expect_key(&by_enclave, "4847225944661af643b07feb6802a07b");
	expect_key(&by_signer, "53dacfd217ecf18884b007560c991754");
	expect_key(&by_config, "5501ec4f8a2d81f8715a7d796ce0605a");
	expect_key(&own, "0bd211ba4b70aefc358a2762d969cf6a");
	expect_key(&provision, "f132677ab58c466062992641c53a65d0");
}

static void a_key_that_the_enclave_has_no_right_to_is_not_given(void **state)
{
	struct sgx_keyrequest request = {.key_name = SGX_KEY_SEAL};
	uint8_t key[SGX_KEY_SIZE], untouched[SGX_KEY_SIZE];
	uint64_t error = 99;

	(void)state;
	memset(key, 0xee, sizeof key);
	memcpy(untouched, key, sizeof key);
	request.isv_svn = 4;
	assert_int_equal(get(&request, key), SGX_INVALID_ISVSVN);
	request.isv_svn = 3;
	request.config_svn = 6;
	assert_int_equal(get(&request, key), SGX_INVALID_ISVSVN);
	request.config_svn = 0;
	request.cpusvn[0] = 0xff;
	assert_int_equal(get(&request, key), SGX_INVALID_CPUSVN);
	request.cpusvn[0] = 0;
	request.cpusvn[15] = 0xff;
	assert_int_equal(get(&request, key), SGX_INVALID_CPUSVN);
	request.cpusvn[15] = 0;
	request.key_name = SGX_KEY_EINITTOKEN;
	assert_int_equal(get(&request, key), SGX_INVALID_ATTRIBUTE);
	request.key_name = 5;
	assert_int_equal(get(&request, key), SGX_INVALID_KEYNAME);
	request.key_name = SGX_KEY_SEAL;
	request.key_policy = 1 << 6;
	assert_int_equal(sim_key_get(&root, &secs, &request, &error, key), STATUS_MALFORMED);
	request.key_policy = 0;
	request.reserved2[433] = 1;
	assert_int_equal(sim_key_get(&root, &secs, &request, &error, key), STATUS_MALFORMED);
	assert_int_equal(error, 99);
	assert_memory_equal(key, untouched, sizeof key);
}

static void a_report_holds_for_its_target_and_root_only(void **state)
{
	struct sgx_targetinfo target = {.attributes = {5, 7}}, other;
	struct sim_root other_root = root;
	uint8_t data[SGX_REPORT_DATA_SIZE];
	struct sgx_report made;

	(void)state;
	memset(data, 0xcd, sizeof data);
	memset(target.mrenclave, 0xab, sizeof target.mrenclave);
	assert_int_equal(sim_report_make(&root, &secs, &target, data, &made), STATUS_OK);
	assert_memory_equal(made.mrenclave, secs.mrenclave, SGX_HASH_SIZE);
	assert_memory_equal(made.mrsigner, secs.mrsigner, SGX_HASH_SIZE);
	assert_memory_equal(made.report_data, data, sizeof data);
	assert_int_equal(made.attributes.flags, secs.attributes.flags);
	assert_int_equal(sim_report_verify(&root, &made, &target), STATUS_OK);
	other = target;
	other.mrenclave[31] ^= 1;
	assert_int_equal(sim_report_verify(&root, &made, &other), STATUS_DENIED);
	other = target;
	other.config_svn = 1;
	assert_int_equal(sim_report_verify(&root, &made, &other), STATUS_DENIED);
	other_root.secret[0] ^= 1;
	assert_int_equal(sim_report_verify(&other_root, &made, &target), STATUS_DENIED);
	target.reserved3[0] = 1;
	assert_int_equal(sim_report_make(&root, &secs, &target, data, &made), STATUS_MALFORMED);
}

static void a_report_with_any_changed_bit_is_refused(void **state)
{
	const struct sgx_targetinfo target = {.attributes = {5, 7}};
	uint8_t data[SGX_REPORT_DATA_SIZE] = {0};
	struct sgx_report made;

	(void)state;
	assert_int_equal(sim_report_make(&root, &secs, &target, data, &made), STATUS_OK);
	for (size_t i = 0; i < sizeof made * 8; i++) {
		struct sgx_report changed = made;

		((uint8_t *)&changed)[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(sim_report_verify(&root, &changed, &target), STATUS_DENIED);
	}
}

static void a_root_is_made_once_and_must_be_private(void **state)
{
	char directory[] = "/tmp/sim-test-XXXXXX", path[64];
	struct sim_root first, second = {0};
	uint8_t fingerprint[SIM_FINGERPRINT_SIZE], other[SIM_FINGERPRINT_SIZE];
	struct stat stat_;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/sim-root", directory);
	assert_int_equal(sim_root_load_from(path, &first), STATUS_OK);
	assert_int_equal(stat(path, &stat_), 0);
	assert_int_equal(stat_.st_mode & 0777, 0600);
	assert_int_equal(sim_root_load_from(path, &second), STATUS_OK);
	assert_memory_equal(&first, &second, sizeof first);
	sim_root_fingerprint(&first, fingerprint);
	sim_root_fingerprint(&root, other);
	assert_memory_not_equal(fingerprint, other, sizeof other);
	assert_memory_not_equal(fingerprint, first.secret, sizeof first.secret);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(sim_root_load_from(path, &second), STATUS_DENIED);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(sim_root_load_from(path, &second), STATUS_MALFORMED);
	unlink(path);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_int_equal(sim_root_load_from(path, &second), STATUS_IO);
	unlink(path);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(keys_depend_on_what_the_policy_names, setup),
		cmocka_unit_test_setup(a_key_that_the_enclave_has_no_right_to_is_not_given, setup),
		cmocka_unit_test_setup(a_report_holds_for_its_target_and_root_only, setup),
		cmocka_unit_test_setup(a_report_with_any_changed_bit_is_refused, setup),
		cmocka_unit_test_setup(a_root_is_made_once_and_must_be_private, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
