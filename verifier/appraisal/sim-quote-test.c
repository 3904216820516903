/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quotes as the backend sim makes them (sim/quoting.c), judged by the verifier, which shares no code with it. */
#include "base/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "sim/key.h"
#include "sim/quoting.h"
#include "verifier/appraisal/fake-platform.h"

enum { AT = 1750420800 /* 2025-06-20T12:00:00Z */ };

static struct sim_root root;
static struct sgx_secs secs;
static struct sgx_targetinfo target;
static uint8_t fingerprints[1][APPRAISAL_SIM_FINGERPRINT_SIZE];
static size_t fingerprint_count;
static struct policy policy;
static struct appraisal appraisal;
static uint8_t quote[SIM_QUOTE_SIZE_MAX];
static size_t quote_size;

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

static void fingerprint_of(const struct sim_root *of, uint8_t fingerprint[APPRAISAL_SIM_FINGERPRINT_SIZE])
{
	struct sim_platform platform;

	assert_int_equal(sim_platform_init(&platform, of), STATUS_OK);
	assert_int_equal(sim_platform_fingerprint(&platform, fingerprint), STATUS_OK);
	sim_platform_deinit(&platform);
}

static struct sgx_report make_report(void)
{
	uint8_t data[SGX_REPORT_DATA_SIZE];
	struct sgx_report made;

	memset(data, 0xda, sizeof data);
	assert_int_equal(sim_report_make(&root, &secs, &target, data, &made), STATUS_OK);
	return made;
}

static void make_quote(void)
{
	const struct sgx_report made = make_report();

	assert_int_equal(sim_quote_make(&root, &made, quote, sizeof quote, &quote_size), STATUS_OK);
}

static int setup(void **state)
{
	(void)state;
	report_sink_set(drop, NULL);
	memset(root.secret, 0x5e, sizeof root.secret);
	secs = (struct sgx_secs){
		.attributes = {SGX_ATTRIBUTE_INIT | SGX_ATTRIBUTE_MODE64BIT, SGX_XFRM_LEGACY},
		.isv_prod_id = 7,
		.isv_svn = 3,
	};
	memset(secs.mrenclave, 0x11, sizeof secs.mrenclave);
	memset(secs.mrsigner, 0x22, sizeof secs.mrsigner);
	assert_int_equal(sim_quoting_targetinfo(&target), STATUS_OK);
	fingerprint_of(&root, fingerprints[0]);
	fingerprint_count = 1;
	policy_init(&policy);
	make_quote();
	return 0;
}

static status appraise_bytes(const uint8_t *bytes, size_t size)
{
	const struct appraisal_terms terms = {
		.root = &certificate_root_intel,
		.vendor = appraisal_vendor_intel,
		.policy = &policy,
		.sim_roots = fingerprints,
		.sim_root_count = fingerprint_count,
		.at = AT,
	};

	return appraise_quote((struct span){bytes, size}, &terms, &appraisal);
}

static void expect_refusal(const char *code)
{
	assert_int_equal(appraise_bytes(quote, quote_size), STATUS_OK);
	assert_false(verdict_is_accepted(&appraisal.verdict));
	assert_string_equal(appraisal.verdict.reasons[0].code, code);
}

static void expect_acceptance(void)
{
	assert_int_equal(appraise_bytes(quote, quote_size), STATUS_OK);
	assert_true(verdict_is_accepted(&appraisal.verdict));
}

static void a_quote_of_the_named_machine_is_accepted_and_called_simulated(void **state)
{
	(void)state;
	expect_acceptance();
	assert_true(appraisal.is_sim);
	assert_memory_equal(appraisal.sim_root, fingerprints[0], sizeof fingerprints[0]);
	assert_memory_equal(appraisal.quote.report.mrenclave, secs.mrenclave, SGX_HASH_SIZE);
	assert_int_equal(appraisal.quote.report.report_data[63], 0xda);
	assert_int_equal(appraisal.verdict.tolerance_count, 1);
	assert_string_equal(appraisal.verdict.tolerances[0].code, "insecure-accept-sim");
	assert_non_null(strstr(appraisal.verdict.tolerances[0].text, "FAKE"));
}

static void without_being_asked_for_no_simulation_is_accepted(void **state)
{
	(void)state;
	fingerprint_count = 0;
	expect_refusal("sim");
}

static void another_machines_simulation_is_refused(void **state)
{
	struct sim_root other = root;

	(void)state;
	other.secret[31] ^= 1;
	fingerprint_of(&other, fingerprints[0]);
	expect_refusal("root");
}

static void a_machines_fingerprint_stays_the_same(void **state)
{
	uint8_t again[APPRAISAL_SIM_FINGERPRINT_SIZE];

	(void)state;
	fingerprint_of(&root, again);
	assert_memory_equal(again, fingerprints[0], sizeof again);
	make_quote();
	expect_acceptance();
}

static void a_report_for_somebody_else_becomes_no_quote(void **state)
{
	struct sgx_report made;

	(void)state;
	target.mrenclave[0] ^= 1;
	made = make_report();
	assert_int_equal(sim_quote_make(&root, &made, quote, sizeof quote, &quote_size), STATUS_DENIED);
}

static void an_altered_report_becomes_no_quote(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(struct sgx_report); i += 3) {
		struct sgx_report made = make_report();

		((uint8_t *)&made)[i] ^= 0x40;
		assert_int_equal(sim_quote_make(&root, &made, quote, sizeof quote, &quote_size), STATUS_DENIED);
	}
}

static void a_quote_that_has_no_room_is_not_cut(void **state)
{
	const struct sgx_report made = make_report();
	uint8_t *small = malloc(quote_size - 1);
	size_t size = 77;

	(void)state;
	for (size_t room = 0; room < quote_size; room += 1 + room / 5)
		assert_int_equal(sim_quote_make(&root, &made, small, room, &size), STATUS_LIMIT);
	assert_int_equal(size, 77);
	free(small);
}

static void debug_is_refused_without_a_policy_that_tolerates_it(void **state)
{
	(void)state;
	secs.attributes.flags |= SGX_ATTRIBUTE_DEBUG;
	make_quote();
	expect_refusal("debug");
	policy.accept_debug = true;
	expect_acceptance();
	assert_true(appraisal.is_debug);
}

static void an_enclave_that_is_no_reference_value_is_refused(void **state)
{
	(void)state;
	policy.has_references = true;
	policy.reference_count = 1;
	policy.references[0] = (struct policy_reference){.is_signer = true, .isv_prod_id = 7, .isv_svn_min = 3};
	memset(policy.references[0].hash, 0x22, SGX_HASH_SIZE);
	expect_acceptance();
	policy.references[0].isv_svn_min = 4;
	expect_refusal("identity");
	policy.references[0] = (struct policy_reference){.is_signer = true, .isv_prod_id = 8};
	memset(policy.references[0].hash, 0x22, SGX_HASH_SIZE);
	expect_refusal("identity");
	policy.references[0] = (struct policy_reference){.is_signer = false};
	memset(policy.references[0].hash, 0x12, SGX_HASH_SIZE);
	expect_refusal("identity");
}

static void a_changed_bit_before_the_certificates_is_never_accepted(void **state)
{
	const uint8_t *pem = memmem(quote, quote_size, "-----BEGIN", 10);

	(void)state;
	for (size_t i = 0; i < (size_t)(pem - quote); i++) {
		quote[i] ^= (uint8_t)(1 << i % 8);
		status result = appraise_bytes(quote, quote_size);
		if (result == STATUS_OK && verdict_is_accepted(&appraisal.verdict))
			fail_msg("accepted with a changed bit in byte %zu", i);
		quote[i] ^= (uint8_t)(1 << i % 8);
	}
}

/* The certificates swapped for others: the first one's place taken by the second one's, and so on. */
static void a_chain_in_another_order_is_refused(void **state)
{
	uint8_t *first = memmem(quote, quote_size, "-----BEGIN", 10);
	uint8_t *second = memmem(first + 10, quote_size - (size_t)(first + 10 - quote), "-----BEGIN", 10);
	uint8_t *end = quote + quote_size;
	const size_t first_size = (size_t)(second - first);
	uint8_t copy[SIM_QUOTE_SIZE_MAX];

	(void)state;
	memcpy(copy, first, first_size);
	memmove(first, second, (size_t)(end - second));
	memcpy(end - first_size, copy, first_size);
	expect_refusal("root");
}

/* A quote of a platform of the test's own: its form is right, and Intel's vendor ID is in it. */
static void a_platforms_quote_isnt_let_in_by_accepting_simulations(void **state)
{
	static struct fake_platform platform;

	(void)state;
	fake_platform_init(&platform, &fake_wishes);
	assert_int_equal(appraise_bytes(platform.quote, platform.quote_size), STATUS_OK);
	assert_string_equal(appraisal.verdict.reasons[0].code, "collateral");
	/* The same with the simulator's vendor: its chain doesn't end at that machine's fake root. */
	memcpy(platform.quote + 12, appraisal_vendor_sim, QUOTE_VENDOR_SIZE);
	assert_int_equal(appraise_bytes(platform.quote, platform.quote_size), STATUS_OK);
	assert_string_equal(appraisal.verdict.reasons[0].code, "root");
	fake_platform_deinit(&platform);
}

static void a_simulation_isnt_let_in_by_collateral(void **state)
{
	static struct fake_platform platform;

	(void)state;
	fake_platform_init(&platform, &fake_wishes);
	const struct appraisal_terms terms = {
		.root = &platform.root,
		.vendor = appraisal_vendor_intel,
		.collateral = &platform.collateral,
		.policy = &policy,
		.at = AT,
	};
	assert_int_equal(appraise_quote((struct span){quote, quote_size}, &terms, &appraisal), STATUS_OK);
	assert_string_equal(appraisal.verdict.reasons[0].code, "sim");
	/* With Intel's vendor ID: another root. */
	memcpy(quote + 12, appraisal_vendor_intel, QUOTE_VENDOR_SIZE);
	assert_int_equal(appraise_quote((struct span){quote, quote_size}, &terms, &appraisal), STATUS_OK);
	assert_string_equal(appraisal.verdict.reasons[0].code, "root");
	fake_platform_deinit(&platform);
}

static void every_part_of_it_says_that_it_is_a_fake(void **state)
{
	(void)state;
	expect_acceptance();
	assert_memory_equal(appraisal.quote.qe_report.cpusvn, "FAKE CPU OF SIM!", SGX_CPUSVN_SIZE);
	assert_memory_equal(appraisal.quote.report.cpusvn, "FAKE CPU OF SIM!", SGX_CPUSVN_SIZE);
	assert_memory_equal(appraisal.quote.vendor, "FAKE SIM VENDOR!", QUOTE_VENDOR_SIZE);
	assert_memory_equal(appraisal.quote.qe_authentication.data, "FAKE:", 5);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_quote_of_the_named_machine_is_accepted_and_called_simulated),
		TEST(without_being_asked_for_no_simulation_is_accepted),
		TEST(another_machines_simulation_is_refused),
		TEST(a_machines_fingerprint_stays_the_same),
		TEST(a_report_for_somebody_else_becomes_no_quote),
		TEST(an_altered_report_becomes_no_quote),
		TEST(a_quote_that_has_no_room_is_not_cut),
		TEST(debug_is_refused_without_a_policy_that_tolerates_it),
		TEST(an_enclave_that_is_no_reference_value_is_refused),
		TEST(a_changed_bit_before_the_certificates_is_never_accepted),
		TEST(a_chain_in_another_order_is_refused),
		TEST(a_platforms_quote_isnt_let_in_by_accepting_simulations),
		TEST(a_simulation_isnt_let_in_by_collateral),
		TEST(every_part_of_it_says_that_it_is_a_fake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
