/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/test.h"
#include "link/grant.h"

static char last_report[1024];

static void keep_report(void *context, status fault, const char *message)
{
	strncpy(last_report, message, sizeof last_report - 1);
}

static struct link_grant sample(void)
{
	struct link_grant grant = {
		.identity = LINK_IDENTITY_MRENCLAVE,
		.backend = LINK_BACKEND_SIM,
		.rights = LINK_RIGHT_KERNEL | LINK_RIGHT_OUTPUT,
		.valid_until = 2000000000,
		.issued_at = 1999000000,
		.quota_bytes = UINT64_MAX,
		.quota_requests = 1000,
		.target = "qemu:1234",
	};

	memset(grant.id, 1, sizeof grant.id);
	memset(grant.mrenclave, 2, sizeof grant.mrenclave);
	memset(grant.enclave_key, 3, sizeof grant.enclave_key);
	memset(grant.source_key, 4, sizeof grant.source_key);
	memset(grant.source_nonce, 5, sizeof grant.source_nonce);
	memset(grant.signature, 6, sizeof grant.signature);
	return grant;
}

static void a_grant_has_the_bytes_that_the_header_says(void **state)
{
	const struct link_grant grant = sample();
	uint8_t encoded[LINK_GRANT_SIZE], expected[LINK_GRANT_SIZE] = {0};

	memcpy(expected, "BZGRANT1", 8);
	expected[8] = 1; /* version */
	expected[12] = 1; /* MRENCLAVE */
	expected[16] = 2; /* sim */
	expected[24] = 5; /* kernel, output */
	memset(expected + 32, 1, 16);
	memcpy(expected + 48, "\x00\x94\x35\x77", 4); /* 2000000000 */
	memset(expected + 56, 0xff, 8);
	memcpy(expected + 64, "\xe8\x03", 2);
	memset(expected + 80, 2, 32);
	memset(expected + 144, 3, 32);
	memset(expected + 176, 4, 32);
	memset(expected + 208, 5, 32);
	memcpy(expected + 240, "qemu:1234", 9);
	memcpy(expected + 368, &(const uint32_t){1999000000}, 4);
	memset(expected + 448, 6, 64);
	assert_int_equal(link_grant_encode(&grant, encoded), STATUS_OK);
	assert_memory_equal(encoded, expected, sizeof expected);
}

static void a_grant_decodes_to_what_was_encoded(void **state)
{
	struct link_grant grant = sample(), decoded;
	uint8_t encoded[LINK_GRANT_SIZE];

	memset(&decoded, 0xee, sizeof decoded);
	assert_int_equal(link_grant_encode(&grant, encoded), STATUS_OK);
	assert_int_equal(link_grant_decode((struct span){.data = encoded, .size = sizeof encoded}, &decoded),
			 STATUS_OK);
	assert_memory_equal(decoded.target, grant.target, sizeof grant.target);
	assert_memory_equal(decoded.source_nonce, grant.source_nonce, sizeof grant.source_nonce);
	assert_int_equal(decoded.valid_until, grant.valid_until);
	assert_int_equal(decoded.issued_at, grant.issued_at);
	assert_int_equal(decoded.rights, grant.rights);
	grant.identity = LINK_IDENTITY_MRSIGNER;
	assert_int_equal(link_grant_encode(&grant, encoded), STATUS_MALFORMED);
	memcpy(grant.mrsigner, grant.mrenclave, sizeof grant.mrsigner);
	memset(grant.mrenclave, 0, sizeof grant.mrenclave);
	grant.isv_prod_id = 7;
	grant.isv_svn = 3;
	assert_int_equal(link_grant_encode(&grant, encoded), STATUS_OK);
	assert_int_equal(link_grant_decode((struct span){.data = encoded, .size = sizeof encoded}, &decoded),
			 STATUS_OK);
	assert_int_equal(decoded.isv_svn, 3);
}

static void grants_that_make_no_sense_are_refused(void **state)
{
	static const struct {
		size_t offset;
		uint8_t value;
	} changes[] = {
		{0, 'x'}, {8, 2},     {12, 0},	   {12, 2},    {12, 3},	 {16, 0},     {16, 3},	{20, 2},  {23, 0x80},
		{24, 0},  {24, 2},    {24, 6},	   {24, 16},   {28, 1},	 {72, 1},     {74, 1},	{76, 1},  {112, 1},
		{240, 0}, {240, ' '}, {241, 0x80}, {250, 'x'}, {375, 1}, {371, 0x78}, {376, 1}, {447, 1},
	};
	const struct link_grant grant = sample();
	uint8_t encoded[LINK_GRANT_SIZE];
	struct link_grant decoded;

	assert_int_equal(link_grant_encode(&grant, encoded), STATUS_OK);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		uint8_t before = encoded[changes[i].offset];

		last_report[0] = 0;
		encoded[changes[i].offset] = changes[i].value;
		assert_int_equal(link_grant_decode((struct span){.data = encoded, .size = sizeof encoded}, &decoded),
				 STATUS_MALFORMED);
		assert_true(strlen(last_report) > 20);
		encoded[changes[i].offset] = before;
	}
	for (size_t size = 0; size < sizeof encoded; size++)
		assert_int_equal(link_grant_decode((struct span){.data = encoded, .size = size}, &decoded),
				 STATUS_MALFORMED);
}

static void a_grant_is_for_one_enclave_source_start_target_and_time(void **state)
{
	const struct link_grant grant = sample();
	const struct link_grant_use good = {.enclave_key = grant.enclave_key,
					    .source_key = grant.source_key,
					    .source_nonce = grant.source_nonce,
					    .target = grant.target,
					    .now = 1999999999};
	static const char other_target[START_TARGET_SIZE] = "qemu:12345";
	uint8_t other[START_KEY_SIZE];
	struct link_grant_use use = good;

	memset(other, 9, sizeof other);
	assert_int_equal(link_grant_check_use(&grant, &good), STATUS_OK);
	use.enclave_key = other;
	assert_int_equal(link_grant_check_use(&grant, &use), STATUS_DENIED);
	assert_non_null(strstr(last_report, "another enclave"));
	use = good, use.source_key = other;
	assert_int_equal(link_grant_check_use(&grant, &use), STATUS_DENIED);
	assert_non_null(strstr(last_report, "another source"));
	use = good, use.source_nonce = other;
	assert_int_equal(link_grant_check_use(&grant, &use), STATUS_DENIED);
	assert_non_null(strstr(last_report, "last start"));
	use = good, use.target = other_target;
	assert_int_equal(link_grant_check_use(&grant, &use), STATUS_DENIED);
	assert_non_null(strstr(last_report, "qemu:12345"));
	use = good, use.now = grant.valid_until;
	assert_int_equal(link_grant_check_use(&grant, &use), STATUS_DENIED);
	assert_non_null(strstr(last_report, "valid until 2000000000"));
}

static void a_grant_names_an_image_or_a_signers_product(void **state)
{
	struct link_grant grant = sample();
	struct sgx_report report = {.isv_prod_id = 7, .isv_svn = 3};

	memset(report.mrenclave, 2, sizeof report.mrenclave);
	memset(report.mrsigner, 8, sizeof report.mrsigner);
	assert_int_equal(link_grant_check_identity(&grant, &report), STATUS_OK);
	report.attributes.flags = SGX_ATTRIBUTE_DEBUG;
	assert_int_equal(link_grant_check_identity(&grant, &report), STATUS_DENIED);
	grant.flags = LINK_GRANT_DEBUG;
	assert_int_equal(link_grant_check_identity(&grant, &report), STATUS_OK);
	report.mrenclave[31] ^= 1;
	assert_int_equal(link_grant_check_identity(&grant, &report), STATUS_DENIED);

	grant.identity = LINK_IDENTITY_MRSIGNER;
	memset(grant.mrsigner, 8, sizeof grant.mrsigner);
	grant.isv_prod_id = 7;
	grant.isv_svn = 3;
	assert_int_equal(link_grant_check_identity(&grant, &report), STATUS_OK);
	report.isv_svn = 2;
	assert_int_equal(link_grant_check_identity(&grant, &report), STATUS_DENIED);
	report.isv_svn = 9;
	assert_int_equal(link_grant_check_identity(&grant, &report), STATUS_OK);
	report.isv_prod_id = 8;
	assert_int_equal(link_grant_check_identity(&grant, &report), STATUS_DENIED);
	report.isv_prod_id = 7;
	report.mrsigner[0] ^= 1;
	assert_int_equal(link_grant_check_identity(&grant, &report), STATUS_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grant_has_the_bytes_that_the_header_says),
		cmocka_unit_test(a_grant_decodes_to_what_was_encoded),
		cmocka_unit_test(grants_that_make_no_sense_are_refused),
		cmocka_unit_test(a_grant_is_for_one_enclave_source_start_target_and_time),
		cmocka_unit_test(a_grant_names_an_image_or_a_signers_product),
	};

	report_sink_set(keep_report, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
