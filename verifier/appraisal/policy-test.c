/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <string.h>

#include "base/report.h"
#include "verifier/appraisal/policy.h"

static char said[1024];

static void keep(void *context, status fault, const char *message)
{
	(void)context, (void)fault;
	strncpy(said, message, sizeof said - 1);
}

static status parse(const char *text, struct policy *policy)
{
	report_sink_set(keep, NULL);
	return policy_parse(policy, (struct span){(const uint8_t *)text, strlen(text)});
}

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void every_line_of_a_policy_is_read(void **state)
{
	static const char text[] = "# the fleet\n"
				   "reference_values:\n"
				   "  - mrenclave: " HASH "\n"
				   "  - {mrsigner: " HASH ", product: 7, svn: 2}\n"
				   "accept_tcb_status: [SWHardeningNeeded, OutOfDate]\n"
				   "accept_advisories: [INTEL-SA-00615]\n"
				   "accept_debug: true\n"
				   "accept_expired_collateral: 7d\n"
				   "minimum_tcb_evaluation_number: 17\n";
	static struct policy policy;

	(void)state;
	assert_int_equal(parse(text, &policy), STATUS_OK);
	assert_int_equal(policy.reference_count, 2);
	assert_false(policy.references[0].is_signer);
	assert_int_equal(policy.references[0].hash[1], 0x11);
	assert_true(policy.references[1].is_signer);
	assert_int_equal(policy.references[1].isv_prod_id, 7);
	assert_int_equal(policy.references[1].isv_svn_min, 2);
	assert_true(policy.accepted_status[TCB_UP_TO_DATE] && policy.accepted_status[TCB_OUT_OF_DATE]);
	assert_false(policy.accepted_status[TCB_CONFIGURATION_NEEDED]);
	assert_int_equal(policy.advisory_count, 1);
	assert_true(policy.accept_debug);
	assert_int_equal(policy.expired_seconds, 7 * 24 * 3600);
	assert_int_equal(policy.evaluation_number_min, 17);
}

static void an_empty_policy_is_the_strict_one(void **state)
{
	static struct policy policy;

	(void)state;
	assert_int_equal(parse("# nothing\n", &policy), STATUS_OK);
	assert_false(policy.has_references || policy.accept_debug);
	assert_true(policy.accepted_status[TCB_UP_TO_DATE]);
	assert_false(policy.accepted_status[TCB_SW_HARDENING_NEEDED]);
}

static void what_is_no_policy_is_refused_with_its_line(void **state)
{
	/* Some are joined from parts. NOLINTBEGIN(bugprone-suspicious-missing-comma) */
	static const char *const texts[] = {
		"\n- a list\n",
		"\naccept_debugg: true\n",
		"accept_debug: true\naccept_debug: false\n",
		"\naccept_debug: yes\n",
		"\naccept_tcb_status: [Fine]\n",
		"\naccept_tcb_status: [Revoked]\n",
		"\naccept_tcb_status: UpToDate\n",
		"\naccept_expired_collateral: 7\n",
		"\naccept_expired_collateral: 93d\n",
		"\naccept_expired_collateral: -1d\n",
		"\nminimum_tcb_evaluation_number: -1\n",
		"\nminimum_tcb_evaluation_number: 99999999999999999999\n",
		"\nreference_values: []\n",
		"\nreference_values: [{mrenclave: 00}]\n",
		"\nreference_values: [{mrsigner: " HASH "}]\n",
		"\nreference_values: [{mrenclave: " HASH ", product: 1}]\n",
		"\nreference_values: [{mrenclave: " HASH ", mrsigner: " HASH ", product: 1}]\n",
		"\nreference_values: [{product: 1}]\n",
		"\nreference_values: [{mrsigner: " HASH ", product: 65536}]\n",
		"\naccept_advisories: [an-advisory-whose-name-is-far-too-long-for-one]\n",
		"\n\t- {",
		"\na: *b\n",
	};
	/* NOLINTEND(bugprone-suspicious-missing-comma) */
	static struct policy policy;

	(void)state;
	policy_init(&policy);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		said[0] = '\0';
		if (parse(texts[i], &policy) != STATUS_MALFORMED)
			fail_msg("read: %s", texts[i]);
		assert_non_null(strstr(said, "line 2"));
		assert_false(policy.accept_debug || policy.has_references);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_of_a_policy_is_read),
		cmocka_unit_test(an_empty_policy_is_the_strict_one),
		cmocka_unit_test(what_is_no_policy_is_refused_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
