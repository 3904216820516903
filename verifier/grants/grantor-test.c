/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "sim/key.h"
#include "verifier/grants/grantor.h"
#include "verifier/grants/primitives.h"

enum { NOW = 1800000000 };

static struct grantor_policy policy;
static struct grantor_request request;
static struct sgx_secs secs;
static struct link_grant grant;
static char sentence[GRANTOR_SENTENCE_SIZE];

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

static void set_target(char target[START_TARGET_SIZE], const char *name)
{
	snprintf(target, START_TARGET_SIZE, "%s", name);
}

/* A report as the enclave in `secs` gets it, for the request as it stands. */
static void make_report_under(const struct sim_root *root, const char *grantor)
{
	const struct span name = {(const uint8_t *)grantor, strlen(grantor)};
	struct sgx_targetinfo target = {0};
	uint8_t data[SGX_REPORT_DATA_SIZE];

	assert_int_equal(grantor_report_data(&request, data), STATUS_OK);
	assert_int_equal(verifier_primitives()->sha256(&name, 1, target.mrenclave), STATUS_OK);
	assert_int_equal(sim_report_make(root, &secs, &target, data, &request.report), STATUS_OK);
}

static void make_report(void)
{
	make_report_under(&policy.sim_root, GRANTOR_TARGETINFO_NAME);
}

static int setup(void **state)
{
	(void)state;
	memset(&policy, 0, sizeof policy);
	memset(&request, 0, sizeof request);
	memset(&secs, 0, sizeof secs);
	report_sink_set(drop, NULL);
	if (owner_key_generate(&policy.owner) != STATUS_OK)
		return -1;
	memset(policy.sim_root.secret, 0x5a, SIM_ROOT_SIZE);
	memset(policy.sources[0], 0x11, START_KEY_SIZE);
	memset(policy.sources[1], 0x12, START_KEY_SIZE);
	policy.source_count = 2;
	policy.image_count = 1;
	policy.images[0].identity = LINK_IDENTITY_MRENCLAVE;
	memset(policy.images[0].measurement, 0xe1, SGX_HASH_SIZE);
	policy.accept_sim = true;
	policy.rights = LINK_RIGHT_KERNEL | LINK_RIGHT_OUTPUT;
	policy.valid_seconds = 100;
	policy.quota_bytes = 5000;
	policy.quota_requests = 7;

	secs.size = 1 << 20;
	secs.ssa_frame_size = 1;
	secs.attributes.flags = SGX_ATTRIBUTE_INIT | SGX_ATTRIBUTE_MODE64BIT;
	secs.attributes.xfrm = SGX_XFRM_LEGACY;
	memset(secs.mrenclave, 0xe1, SGX_HASH_SIZE);
	memset(secs.mrsigner, 0xe2, SGX_HASH_SIZE);
	secs.isv_prod_id = 3;
	secs.isv_svn = 4;

	request.version = 1;
	request.evidence = GRANTOR_EVIDENCE_SIM;
	request.rights = LINK_RIGHTS_ALL;
	memset(request.enclave_key, 0x21, START_KEY_SIZE);
	memcpy(request.owner_key, owner_key_public(policy.owner), START_OWNER_KEY_SIZE);
	memset(request.source_key, 0x12, START_KEY_SIZE);
	memset(request.source_nonce, 0x31, START_NONCE_SIZE);
	set_target(request.target, "qemu:17");
	make_report();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	owner_key_destroy(policy.owner);
	report_sink_set(NULL, NULL);
	return 0;
}

static status decide(void)
{
	sentence[0] = '\0';
	return grantor_decide(&policy, &request, NOW, &grant, sentence);
}

static void assert_refused(const char *words)
{
	assert_int_equal(decide(), STATUS_DENIED);
	if (strstr(sentence, words) == NULL)
		fail_msg("\"%s\" doesn't say \"%s\"", sentence, words);
}

static void who_fits_the_policy_gets_what_it_says_and_no_more(void **state)
{
	assert_int_equal(decide(), STATUS_OK);
	assert_int_equal(link_grant_verify(&grant, verifier_primitives(), owner_key_public(policy.owner)), STATUS_OK);
	assert_int_equal(link_grant_check_identity(&grant, &request.report), STATUS_OK);
	assert_int_equal(grant.backend, LINK_BACKEND_SIM);
	assert_int_equal(grant.flags, 0);
	assert_int_equal(grant.rights, LINK_RIGHT_KERNEL | LINK_RIGHT_OUTPUT);
	assert_int_equal(grant.valid_until, NOW + 100);
	assert_int_equal(grant.issued_at, NOW);
	assert_int_equal(grant.quota_bytes, 5000);
	assert_int_equal(grant.quota_requests, 7);
	assert_memory_equal(grant.enclave_key, request.enclave_key, START_KEY_SIZE);
	assert_memory_equal(grant.source_key, request.source_key, START_KEY_SIZE);
	assert_memory_equal(grant.source_nonce, request.source_nonce, START_NONCE_SIZE);
	assert_string_equal(grant.target, "qemu:17");
}

static void a_report_of_sim_is_known_by_its_cpusvn(void **state)
{
	static const uint8_t cpusvn[SGX_CPUSVN_SIZE] = GRANTOR_SIM_CPUSVN;

	assert_memory_equal(request.report.cpusvn, cpusvn, sizeof cpusvn);
}

static void two_grants_never_share_a_quota(void **state)
{
	uint8_t first[LINK_GRANT_ID_SIZE];

	assert_int_equal(decide(), STATUS_OK);
	memcpy(first, grant.id, sizeof first);
	assert_int_equal(decide(), STATUS_OK);
	assert_memory_not_equal(first, grant.id, sizeof first);
}

static void sim_must_be_asked_for(void **state)
{
	policy.accept_sim = false;
	assert_refused("--insecure-accept-sim");
}

static void a_report_under_another_fake_root_is_refused(void **state)
{
	struct sim_root other = policy.sim_root;

	other.secret[31] ^= 1;
	make_report_under(&other, GRANTOR_TARGETINFO_NAME);
	assert_refused("MAC doesn't fit");
}

static void a_report_for_somebody_else_is_refused(void **state)
{
	make_report_under(&policy.sim_root, "Bartizan grantor 2");
	assert_refused("MAC doesn't fit");
}

static void every_changed_bit_of_a_report_is_noticed(void **state)
{
	uint8_t *bytes = (uint8_t *)&request.report;

	for (size_t bit = 0; bit < sizeof request.report * 8; bit += 3) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(decide(), STATUS_DENIED);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(decide(), STATUS_OK);
}

static void an_unproven_report_of_sgx_is_taken_only_where_that_was_asked_for(void **state)
{
	request.evidence = GRANTOR_EVIDENCE_SGX;
	request.report.mac[0] ^= 1;
	assert_refused("--insecure-accept-unproven-sgx");
	policy.accept_unproven_sgx = true;
	assert_int_equal(decide(), STATUS_OK);
	assert_int_equal(grant.backend, LINK_BACKEND_SGX);
	/* It says nothing about sim, and the rest is looked at as ever. */
	request.evidence = GRANTOR_EVIDENCE_SIM;
	assert_refused("MAC doesn't fit");
	request.evidence = GRANTOR_EVIDENCE_SGX;
	request.report.mrenclave[0] ^= 1;
	assert_refused("isn't one that this grantor accepts");
	request.report.mrenclave[0] ^= 1;
	request.report.report_data[0] ^= 1;
	assert_refused("REPORTDATA");
	policy.accept_unproven_sgx = false;
}

static void a_report_of_a_cpu_is_refused_as_it_can_not_be_checked(void **state)
{
	request.evidence = GRANTOR_EVIDENCE_SGX;
	assert_refused("checks no quotes");
	request.evidence = 77;
	assert_refused("kind 77");
}

static void keys_and_nonce_must_be_those_that_the_report_binds(void **state)
{
	uint8_t *members[] = {request.enclave_key, request.source_key, request.source_nonce, request.owner_key};

	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		members[i][7] ^= 0x80;
		assert_refused("REPORTDATA");
		members[i][7] ^= 0x80;
	}
}

static void another_image_is_refused(void **state)
{
	secs.mrenclave[0] ^= 1;
	make_report();
	assert_refused("MRENCLAVE e0e1e1e1");
}

static void a_signers_product_is_accepted_from_its_least_svn_on(void **state)
{
	policy.images[0] =
		(struct grantor_image){.identity = LINK_IDENTITY_MRSIGNER, .isv_prod_id = 3, .isv_svn_min = 4};
	memset(policy.images[0].measurement, 0xe2, SGX_HASH_SIZE);
	assert_int_equal(decide(), STATUS_OK);
	assert_int_equal(grant.identity, LINK_IDENTITY_MRSIGNER);
	assert_int_equal(grant.isv_svn, 4);
	assert_int_equal(link_grant_check_identity(&grant, &request.report), STATUS_OK);
	secs.isv_svn = 3;
	make_report();
	assert_refused("SVN 3");
	secs.isv_svn = 9;
	make_report();
	assert_int_equal(decide(), STATUS_OK);
	assert_int_equal(grant.isv_svn, 4);
	secs.isv_prod_id = 2;
	make_report();
	assert_refused("product 2");
	secs.isv_prod_id = 3;
	secs.mrsigner[0] = 0;
	make_report();
	assert_refused("MRSIGNER 00e2");
}

static void a_measurement_never_counts_as_a_signer(void **state)
{
	policy.images[0].identity = LINK_IDENTITY_MRSIGNER;
	policy.images[0].isv_prod_id = 3;
	assert_refused("isn't one that this grantor accepts");
}

static void debug_enclaves_are_refused_unless_asked_for(void **state)
{
	secs.attributes.flags |= SGX_ATTRIBUTE_DEBUG;
	make_report();
	assert_refused("debug");
	policy.accept_debug = true;
	assert_int_equal(decide(), STATUS_OK);
	assert_int_equal(grant.flags, LINK_GRANT_DEBUG);
}

static void only_a_debug_enclaves_grant_tolerates_debug(void **state)
{
	policy.accept_debug = true;
	assert_int_equal(decide(), STATUS_OK);
	assert_int_equal(grant.flags, 0);
}

static void an_enclave_that_never_started_is_refused(void **state)
{
	secs.attributes.flags = SGX_ATTRIBUTE_MODE64BIT;
	make_report();
	assert_refused("ATTRIBUTES");
}

static void another_owners_enclave_is_refused(void **state)
{
	request.owner_key[0] ^= 1;
	make_report();
	assert_refused("another one");
}

static void a_source_that_is_not_enrolled_is_refused(void **state)
{
	memset(request.source_key, 0x13, START_KEY_SIZE);
	make_report();
	assert_refused("isn't enrolled");
}

static void another_target_is_refused(void **state)
{
	set_target(policy.target, "qemu:16");
	assert_refused("not for qemu:17");
	set_target(policy.target, "qemu:17");
	assert_int_equal(decide(), STATUS_OK);
}

static void a_target_that_is_no_name_is_refused(void **state)
{
	request.target[100] = 'x';
	assert_refused("printable");
	memset(request.target, 0, sizeof request.target);
	assert_refused("printable");
	memset(request.target, 'a', sizeof request.target);
	assert_refused("printable");
	set_target(request.target, "qemu:\n");
	assert_refused("printable");
}

static void rights_that_do_not_exist_or_are_not_given_are_refused(void **state)
{
	request.rights = LINK_RIGHTS_ALL + 1;
	assert_refused("don't exist");
	request.rights = 0;
	assert_refused("don't exist");
	request.rights = LINK_RIGHT_USER;
	assert_refused("none of the rights");
	policy.rights = LINK_RIGHTS_ALL;
	assert_refused("without `kernel`");
}

static void unknown_versions_and_bits_are_refused(void **state)
{
	request.version = 2;
	assert_refused("version 2");
	request.version = 1;
	request.reserved = 1;
	assert_refused("doesn't know");
}

static void frames_are_answered_by_key_grant_or_words(void **state)
{
	struct grantor_reply reply;

	grantor_answer(&policy, GRANTOR_ASK_KEY, (struct span){NULL, 0}, NOW, &reply);
	assert_int_equal(reply.type, GRANTOR_KEY);
	assert_int_equal(reply.size, START_OWNER_KEY_SIZE);
	assert_memory_equal(reply.body, owner_key_public(policy.owner), reply.size);
	grantor_answer(&policy, GRANTOR_ASK, (struct span){(uint8_t *)&request, sizeof request}, NOW, &reply);
	assert_int_equal(reply.type, GRANTOR_GRANT);
	assert_int_equal(link_grant_decode((struct span){reply.body, reply.size}, &grant), STATUS_OK);
	grantor_answer(&policy, GRANTOR_ASK, (struct span){(uint8_t *)&request, sizeof request - 1}, NOW, &reply);
	assert_int_equal(reply.type, GRANTOR_REFUSED);
	assert_non_null(memmem(reply.body, reply.size, "735", 3));
	grantor_answer(&policy, 99, (struct span){NULL, 0}, NOW, &reply);
	assert_int_equal(reply.type, GRANTOR_REFUSED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_fits_the_policy_gets_what_it_says_and_no_more),
		TEST(a_report_of_sim_is_known_by_its_cpusvn),
		TEST(two_grants_never_share_a_quota),
		TEST(sim_must_be_asked_for),
		TEST(an_unproven_report_of_sgx_is_taken_only_where_that_was_asked_for),
		TEST(a_report_under_another_fake_root_is_refused),
		TEST(a_report_for_somebody_else_is_refused),
		TEST(every_changed_bit_of_a_report_is_noticed),
		TEST(a_report_of_a_cpu_is_refused_as_it_can_not_be_checked),
		TEST(keys_and_nonce_must_be_those_that_the_report_binds),
		TEST(another_image_is_refused),
		TEST(a_signers_product_is_accepted_from_its_least_svn_on),
		TEST(a_measurement_never_counts_as_a_signer),
		TEST(debug_enclaves_are_refused_unless_asked_for),
		TEST(only_a_debug_enclaves_grant_tolerates_debug),
		TEST(an_enclave_that_never_started_is_refused),
		TEST(another_owners_enclave_is_refused),
		TEST(a_source_that_is_not_enrolled_is_refused),
		TEST(another_target_is_refused),
		TEST(a_target_that_is_no_name_is_refused),
		TEST(rights_that_do_not_exist_or_are_not_given_are_refused),
		TEST(unknown_versions_and_bits_are_refused),
		TEST(frames_are_answered_by_key_grant_or_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
