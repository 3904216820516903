/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "verifier/appraisal/fake-platform.h"
#include "verifier/appraisal/instant.h"

enum { AT = 1750420800 /* 2025-06-20T12:00:00Z */, DAY = 24 * 3600 };

static struct fake_platform platform;
static struct policy policy;
static struct appraisal appraisal;

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

static status appraise_at(time_t at)
{
	const struct appraisal_terms terms = {
		.root = &platform.root,
		.vendor = appraisal_vendor_intel,
		.collateral = &platform.collateral,
		.policy = &policy,
		.at = at,
	};

	return appraise_quote((struct span){platform.quote, platform.quote_size}, &terms, &appraisal);
}

static int setup(void **state)
{
	(void)state;
	report_sink_set(drop, NULL);
	policy_init(&policy);
	memset(&appraisal, 0, sizeof appraisal);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_platform_deinit(&platform);
	return 0;
}

/* One platform that is wrong in one respect, and the code of the reason that must be given. */
struct wrong {
	void (*wish)(struct fake_wishes *wishes);
	const char *code;
};

#define WRONG(name, code, statement)                        \
	static void wish_##name(struct fake_wishes *wishes) \
	{                                                   \
		statement;                                  \
	}                                                   \
	static const struct wrong wrong_##name = {wish_##name, code}

WRONG(version_5, "unsupported", wishes->version = 5);
WRONG(version_0, "unsupported", wishes->version = 0);
WRONG(version_6, "unsupported", wishes->version = 6);
WRONG(version_2, "unsupported", wishes->version = 2);
WRONG(tdx, "unsupported", (wishes->version = 4, wishes->tee = QUOTE_TEE_TDX));
WRONG(unknown_tee, "unsupported", (wishes->version = 4, wishes->tee = 7));
WRONG(reserved_header, "unsupported", wishes->tee = 1);
WRONG(key_type, "unsupported", wishes->key_type = 3);
WRONG(certification, "unsupported", wishes->certification = 2);
WRONG(nested, "unsupported", wishes->certification = 6);
WRONG(bare_chain, "unsupported", (wishes->version = 4, wishes->outer_certification = 5));
WRONG(vendor, "vendor", wishes->vendor_byte = 0x94);
WRONG(pck_name, "chain", wishes->pck_name = "Intel SGX PCK Certificat");
WRONG(ca_name, "chain", wishes->ca_name = "Intel SGX PCK Other CA");
WRONG(signing_name, "chain", wishes->signing_name = "Intel SGX PCK Certificate");
WRONG(early_certificates, "expired", wishes->valid_from = AT + DAY);
WRONG(late_certificates, "expired", wishes->valid_until = AT - DAY);
WRONG(old_lists, "expired", wishes->crl_until = AT - DAY);
WRONG(revoked_pck, "revoked", wishes->pck_revoked = true);
WRONG(revoked_ca, "revoked", wishes->ca_revoked = true);
WRONG(revoked_signer, "revoked", wishes->signing_revoked = true);
WRONG(other_list, "chain", wishes->crl_by_other_ca = true);
WRONG(no_tcb, "chain", wishes->without_tcb = true);
WRONG(two_fmspcs, "chain", wishes->double_fmspc = true);
WRONG(fifteen_components, "chain", wishes->component_missing = true);
WRONG(long_fmspc, "chain", wishes->fmspc = "00606A00000000");
WRONG(negative_component, "chain", wishes->component = -1);
WRONG(large_component, "chain", wishes->component = 256);
WRONG(other_fmspc, "platform", wishes->fmspc = "00606A000001");
WRONG(other_pceid, "platform", wishes->pceid = "0001");
WRONG(low_component, "tcb-status", wishes->component = 6);
WRONG(low_pcesvn, "tcb-status", wishes->pcesvn = 12);
WRONG(below_all, "tcb-status", wishes->component = 1);
WRONG(hardening, "tcb-status", wishes->platform_status = "SWHardeningNeeded");
WRONG(revoked_tcb, "tcb-status", wishes->platform_status = "Revoked");
WRONG(old_qe, "tcb-status", wishes->qe_svn = 7);
WRONG(oldest_qe, "tcb-status", wishes->qe_svn = 4);
WRONG(revoked_qe, "tcb-status", wishes->qe_status = "Revoked");
WRONG(info_of_later, "expired", wishes->info_issued = "2025-06-21T00:00:00Z");
WRONG(old_info, "expired", wishes->info_until = "2025-06-20T11:59:59Z");
WRONG(old_qe_identity, "expired", wishes->qe_until = "2025-06-20T11:59:59Z");
WRONG(info_by_platform, "signature", wishes->info_signed_by_pck = true);
WRONG(altered_info, "signature", wishes->info_altered = true);
WRONG(altered_identity, "signature", wishes->qe_altered = true);
WRONG(debug, "debug", wishes->flags |= SGX_ATTRIBUTE_DEBUG);
WRONG(uninitialised, "attributes", wishes->flags &= ~SGX_ATTRIBUTE_INIT);
WRONG(other_qe_product, "qe-identity", wishes->qe_product = 2);
WRONG(other_qe_signer, "qe-identity", wishes->qe_mrsigner_byte = 0x8d);
WRONG(debug_qe, "qe-identity", wishes->qe_flags |= SGX_ATTRIBUTE_DEBUG);
WRONG(other_attestation_key, "signature", wishes->qe_report_of_other_key = true);
WRONG(other_pck, "signature", wishes->qe_signed_by_other = true);
WRONG(other_signer, "signature", wishes->quote_signed_by_other = true);

static void is_refused_with_its_reason(void **state)
{
	const struct wrong *wrong = *state;

	/* In both versions, where it is one of a version that can be chosen. */
	for (int version = 3; version <= 4; version++) {
		struct fake_wishes wishes = fake_wishes;

		wishes.version = version;
		wrong->wish(&wishes);
		fake_platform_init(&platform, &wishes);
		setup(NULL);
		assert_int_equal(appraise_at(AT), STATUS_OK);
		bool is_told = false;
		for (size_t i = 0; i < appraisal.verdict.reason_count; i++)
			is_told |= strcmp(appraisal.verdict.reasons[i].code, wrong->code) == 0;
		if (!is_told)
			fail_msg("version %d: %zu reasons, the first %s", version, appraisal.verdict.reason_count,
				 appraisal.verdict.reason_count > 0 ? appraisal.verdict.reasons[0].text : "-");
		if (version == 3)
			fake_platform_deinit(&platform);
	}
}

static void accepts(const struct fake_wishes *wishes)
{
	fake_platform_init(&platform, wishes);
	assert_int_equal(appraise_at(AT), STATUS_OK);
	if (!verdict_is_accepted(&appraisal.verdict))
		fail_msg("%s", appraisal.verdict.reasons[0].text);
}

static void a_quote_of_version_3_is_accepted(void **state)
{
	(void)state;
	accepts(&fake_wishes);
	assert_int_equal(appraisal.stage, APPRAISAL_LEVELS);
	assert_int_equal(appraisal.tcb, TCB_UP_TO_DATE);
	assert_int_equal(appraisal.identity, APPRAISAL_IDENTITY_NOT_APPRAISED);
	assert_int_equal(appraisal.pck.pcesvn, 13);
	assert_int_equal(appraisal.quote.report.isv_prod_id, 3);
	assert_int_equal(appraisal.verdict.tolerance_count, 0);
}

static void a_quote_of_version_4_is_accepted(void **state)
{
	struct fake_wishes wishes = fake_wishes;

	(void)state;
	wishes.version = 4;
	accepts(&wishes);
}

static void tcb_info_of_version_2_is_understood(void **state)
{
	struct fake_wishes wishes = fake_wishes;

	(void)state;
	wishes.info_version = 2;
	accepts(&wishes);
}

static void the_processor_ca_is_as_good_as_the_platform_ca(void **state)
{
	struct fake_wishes wishes = fake_wishes;

	(void)state;
	wishes.ca_name = "Intel SGX PCK Processor CA";
	accepts(&wishes);
}

static void zeros_behind_a_quote_are_padding(void **state)
{
	struct fake_wishes wishes = fake_wishes;

	(void)state;
	wishes.padding = 100;
	accepts(&wishes);
	platform.quote[platform.quote_size - 1] = 1;
	assert_int_equal(appraise_at(AT), STATUS_OK);
	assert_int_equal(appraisal.verdict.reason_count, 1);
	assert_string_equal(appraisal.verdict.reasons[0].code, "rest");
}

static void bytes_of_no_known_version_and_vendor_are_no_quote(void **state)
{
	struct fake_wishes wishes = fake_wishes;

	(void)state;
	wishes.version = 6;
	wishes.vendor_byte = 0x94;
	fake_platform_init(&platform, &wishes);
	assert_int_equal(appraise_at(AT), STATUS_MALFORMED);
	/* The header alone says whose it is. */
	platform.quote[12] = fake_wishes.vendor_byte;
	platform.quote_size = QUOTE_HEADER_SIZE;
	assert_int_equal(appraise_at(AT), STATUS_OK);
	assert_string_equal(appraisal.verdict.reasons[0].code, "unsupported");
	platform.quote_size--;
	assert_int_equal(appraise_at(AT), STATUS_MALFORMED);
}

static void spaces_that_a_cache_put_into_collateral_change_nothing(void **state)
{
	struct tcb_info info;
	char *spaced;

	(void)state;
	accepts(&fake_wishes);
	json_t *document = json_loads(platform.tcb_info, 0, NULL);
	spaced = json_dumps(document, JSON_INDENT(4));
	json_decref(document);
	assert_int_equal(tcb_info_init(&info, (struct span){(uint8_t *)spaced, strlen(spaced)}), STATUS_OK);
	free(spaced);
	tcb_info_deinit(&platform.collateral.tcb_info);
	platform.collateral.tcb_info = info;
	assert_int_equal(appraise_at(AT), STATUS_OK);
	assert_true(verdict_is_accepted(&appraisal.verdict));
}

static void another_root_than_the_pinned_one_is_refused(void **state)
{
	(void)state;
	accepts(&fake_wishes);
	platform.root.certificate_sha256[5] ^= 1;
	assert_int_equal(appraise_at(AT), STATUS_OK);
	assert_string_equal(appraisal.verdict.reasons[0].code, "root");
	platform.root.certificate_sha256[5] ^= 1;
	platform.root.key[5] ^= 1;
	assert_int_equal(appraise_at(AT), STATUS_OK);
	assert_string_equal(appraisal.verdict.reasons[0].code, "root");
}

static void a_tolerance_is_named_and_never_reaches_further(void **state)
{
	struct fake_wishes wishes = fake_wishes;

	(void)state;
	wishes.platform_status = "SWHardeningNeeded";
	policy.accepted_status[TCB_SW_HARDENING_NEEDED] = true;
	accepts(&wishes);
	assert_int_equal(appraisal.verdict.tolerance_count, 1);
	assert_non_null(strstr(appraisal.verdict.tolerances[0].text, "INTEL-SA-00615"));
	policy.has_advisories = true;
	assert_int_equal(appraise_at(AT), STATUS_OK);
	assert_false(verdict_is_accepted(&appraisal.verdict));
	snprintf(policy.advisories[policy.advisory_count++], POLICY_ADVISORY_SIZE, "INTEL-SA-00615");
	assert_int_equal(appraise_at(AT), STATUS_OK);
	assert_true(verdict_is_accepted(&appraisal.verdict));
}

static void a_quoting_enclave_out_of_date_makes_the_platform_so(void **state)
{
	struct fake_wishes wishes = fake_wishes;

	(void)state;
	wishes.platform_status = "ConfigurationAndSWHardeningNeeded";
	wishes.qe_svn = 5;
	policy.accepted_status[TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED] = true;
	fake_platform_init(&platform, &wishes);
	assert_int_equal(appraise_at(AT), STATUS_OK);
	assert_false(verdict_is_accepted(&appraisal.verdict));
	assert_int_equal(appraisal.tcb, TCB_OUT_OF_DATE_CONFIGURATION_NEEDED);
	policy.accepted_status[TCB_OUT_OF_DATE_CONFIGURATION_NEEDED] = true;
	assert_int_equal(appraise_at(AT), STATUS_OK);
	assert_true(verdict_is_accepted(&appraisal.verdict));
}

static void both_levels_advisories_are_told(void **state)
{
	struct fake_wishes wishes = fake_wishes;

	(void)state;
	wishes.platform_status = "ConfigurationAndSWHardeningNeeded";
	wishes.qe_svn = 5;
	fake_platform_init(&platform, &wishes);
	assert_int_equal(appraise_at(AT), STATUS_OK);
	assert_int_equal(appraisal.verdict.reason_count, 1);
	assert_string_equal(appraisal.verdict.reasons[0].text,
			    "the TCB is OutOfDateConfigurationNeeded, not UpToDate (advisories: INTEL-SA-00615; the "
			    "quoting enclave's: INTEL-SA-00477)");
}

/* `count` of the best level's, the quoting enclave's one, and what is said. */
static const char *told_of_advisories(int count)
{
	struct fake_wishes wishes = fake_wishes;
	char list[1024];
	size_t used = (size_t)snprintf(list, sizeof list, "tcbLevels.0.advisoryIDs=[");

	for (int i = 0; i < count; i++)
		used += (size_t)snprintf(list + used, sizeof list - used, "%s\"INTEL-SA-%05d\"", i == 0 ? "" : ",", i);
	snprintf(list + used, sizeof list - used, "]");
	wishes.platform_status = "ConfigurationAndSWHardeningNeeded";
	wishes.qe_svn = 5;
	wishes.info_change = list;
	fake_platform_deinit(&platform);
	fake_platform_init(&platform, &wishes);
	assert_int_equal(appraise_at(AT), STATUS_OK);
	assert_int_equal(appraisal.verdict.reason_count, 1);
	return appraisal.verdict.reasons[0].text;
}

static void more_advisories_than_there_is_room_for_are_cut_and_it_is_seen(void **state)
{
	char last[32];

	(void)state;
	for (int count = 0; count <= 20; count++) {
		const char *text = told_of_advisories(count);

		snprintf(last, sizeof last, "INTEL-SA-%05d", count - 1);
		assert_true(count == 0 || strstr(text, last) != NULL);
		assert_true(strstr(text, "…") == NULL || count >= 19);
		assert_true(strstr(text, "INTEL-SA-00477)") != NULL || strstr(text, "…)") != NULL);
	}
	assert_non_null(strstr(told_of_advisories(40), "INTEL-SA-00020 "));
	assert_string_equal(appraisal.verdict.reasons[0].text + strlen(appraisal.verdict.reasons[0].text) - 4, "…)");
}

static void a_text_is_cut_between_characters(void **state)
{
	char text[] = "aéééé";

	(void)state;
	verdict_text_mark_cut(text, sizeof text);
	assert_string_equal(text, "aéé…");
	char odd[] = "aaéééé";
	odd[sizeof odd - 2] = '\0';
	verdict_text_mark_cut(odd, sizeof odd - 1);
	assert_string_equal(odd, "aaéé…");
}

static void expired_collateral_is_tolerated_as_long_as_the_policy_says(void **state)
{
	struct fake_wishes wishes = fake_wishes;

	(void)state;
	wishes.crl_until = AT - 2 * DAY;
	wishes.info_until = "2025-06-19T12:00:00Z";
	policy.expired_seconds = INT64_C(3) * DAY;
	accepts(&wishes);
	assert_true(appraisal.verdict.tolerance_count >= 2);
	assert_int_equal(appraise_at(AT + 2 * DAY), STATUS_OK);
	assert_false(verdict_is_accepted(&appraisal.verdict));
	assert_string_equal(appraisal.verdict.reasons[0].code, "expired");
}

static void an_evaluation_number_below_the_policys_is_refused(void **state)
{
	(void)state;
	policy.evaluation_number_min = 17;
	accepts(&fake_wishes);
	policy.evaluation_number_min = 18;
	assert_int_equal(appraise_at(AT), STATUS_OK);
	assert_string_equal(appraisal.verdict.reasons[0].code, "evaluation-number");
}

static void debug_is_accepted_only_where_the_policy_says_so(void **state)
{
	struct fake_wishes wishes = fake_wishes;

	(void)state;
	wishes.flags |= SGX_ATTRIBUTE_DEBUG;
	policy.accept_debug = true;
	accepts(&wishes);
	assert_string_equal(appraisal.verdict.tolerances[0].code, "accept_debug");
}

static void the_enclave_is_one_of_the_reference_values_or_refused(void **state)
{
	struct policy_reference *reference = &policy.references[0];

	(void)state;
	policy.has_references = true;
	policy.reference_count = 1;
	memset(reference->hash, 0xe1, SGX_HASH_SIZE);
	accepts(&fake_wishes);
	assert_int_equal(appraisal.identity, APPRAISAL_IDENTITY_FITS);
	*reference = (struct policy_reference){.is_signer = true, .isv_prod_id = 3, .isv_svn_min = 4};
	memset(reference->hash, 0xe2, SGX_HASH_SIZE);
	assert_int_equal(appraise_at(AT), STATUS_OK);
	assert_int_equal(appraisal.identity, APPRAISAL_IDENTITY_FITS);
	reference->isv_svn_min = 5;
	assert_int_equal(appraise_at(AT), STATUS_OK);
	assert_string_equal(appraisal.verdict.reasons[0].code, "identity");
	reference->isv_svn_min = 0;
	reference->isv_prod_id = 2;
	assert_int_equal(appraise_at(AT), STATUS_OK);
	assert_string_equal(appraisal.verdict.reasons[0].code, "identity");
}

/* Behind these bytes stands PEM, where a space more changes nothing. */
static size_t certificates_start(void)
{
	return (size_t)((const uint8_t *)memmem(platform.quote, platform.quote_size, "-----BEGIN", 10) -
			platform.quote);
}

static void a_changed_bit_anywhere_is_never_accepted(void **state)
{
	(void)state;
	accepts(&fake_wishes);
	/* All of header, report and signatures; of the lengths, the type and the version, too. */
	for (size_t i = 0; i < certificates_start(); i += i < 48 ? 1 : 5) {
		platform.quote[i] ^= 1 << i % 8;
		status result = appraise_at(AT);
		if (result == STATUS_OK && verdict_is_accepted(&appraisal.verdict))
			fail_msg("accepted with a changed bit in byte %zu", i);
		platform.quote[i] ^= 1 << i % 8;
	}
}

static void a_cut_quote_is_no_quote(void **state)
{
	(void)state;
	accepts(&fake_wishes);
	for (size_t size = 0; size < platform.quote_size; size += 1 + size / 50) {
		/* In storage of just that size, so that a read behind it is noticed. */
		uint8_t *cut = malloc(size + 1);
		struct quote quote;

		memcpy(cut + 1, platform.quote, size);
		assert_int_equal(quote_parse((struct span){cut + 1, size}, &quote), STATUS_MALFORMED);
		free(cut);
	}
}

static void times_are_read_in_one_form_only(void **state)
{
	static const char *const wrong[] = {"2025-06-20",
					    "2025-06-20T00:00:00",
					    "2025-06-20 00:00:00Z",
					    "2025-02-30T00:00:00Z",
					    "2025-6-20T00:00:00Z",
					    "2025-06-20T24:00:00Z",
					    "2025-06-20T00:00:00Zx",
					    "",
					    "2025-06-20T00:00:00+00:00"};
	time_t at = 7;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(instant_parse(wrong[i], &at), STATUS_MALFORMED);
	assert_int_equal(at, 7);
	assert_int_equal(instant_parse("2025-06-20T12:00:00Z", &at), STATUS_OK);
	assert_int_equal(at, AT);
}

#define WRONG_TEST(name, sentence) {sentence, is_refused_with_its_reason, setup, teardown, (void *)&wrong_##name}
#define RIGHT_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGHT_TEST(a_quote_of_version_3_is_accepted),
		RIGHT_TEST(a_quote_of_version_4_is_accepted),
		RIGHT_TEST(tcb_info_of_version_2_is_understood),
		RIGHT_TEST(the_processor_ca_is_as_good_as_the_platform_ca),
		RIGHT_TEST(zeros_behind_a_quote_are_padding),
		RIGHT_TEST(bytes_of_no_known_version_and_vendor_are_no_quote),
		RIGHT_TEST(spaces_that_a_cache_put_into_collateral_change_nothing),
		RIGHT_TEST(another_root_than_the_pinned_one_is_refused),
		RIGHT_TEST(a_tolerance_is_named_and_never_reaches_further),
		RIGHT_TEST(a_quoting_enclave_out_of_date_makes_the_platform_so),
		RIGHT_TEST(both_levels_advisories_are_told),
		RIGHT_TEST(more_advisories_than_there_is_room_for_are_cut_and_it_is_seen),
		cmocka_unit_test(a_text_is_cut_between_characters),
		RIGHT_TEST(expired_collateral_is_tolerated_as_long_as_the_policy_says),
		RIGHT_TEST(an_evaluation_number_below_the_policys_is_refused),
		RIGHT_TEST(debug_is_accepted_only_where_the_policy_says_so),
		RIGHT_TEST(the_enclave_is_one_of_the_reference_values_or_refused),
		RIGHT_TEST(a_changed_bit_anywhere_is_never_accepted),
		RIGHT_TEST(a_cut_quote_is_no_quote),
		cmocka_unit_test(times_are_read_in_one_form_only),
		WRONG_TEST(version_5, "a_quote_of_version_5_is_refused"),
		WRONG_TEST(version_0, "a_quote_of_version_0_is_refused"),
		WRONG_TEST(version_6, "a_quote_of_version_6_is_refused"),
		WRONG_TEST(version_2, "an_epid_quote_is_refused"),
		WRONG_TEST(tdx, "a_quote_of_a_tdx_domain_is_refused"),
		WRONG_TEST(unknown_tee, "a_quote_of_an_unknown_kind_is_refused"),
		WRONG_TEST(reserved_header, "reserved_bytes_of_the_header_are_refused"),
		WRONG_TEST(key_type, "another_kind_of_attestation_key_is_refused"),
		WRONG_TEST(certification, "other_certification_data_is_refused"),
		WRONG_TEST(nested, "certification_data_of_certification_data_is_refused"),
		WRONG_TEST(bare_chain, "a_chain_in_place_of_the_quoting_enclaves_part_is_refused"),
		WRONG_TEST(vendor, "a_quoting_enclave_of_another_vendor_is_refused"),
		WRONG_TEST(pck_name, "a_leaf_that_is_no_pck_is_refused"),
		WRONG_TEST(ca_name, "a_ca_that_is_no_pck_ca_is_refused"),
		WRONG_TEST(signing_name, "tcb_info_signed_by_another_role_is_refused"),
		WRONG_TEST(early_certificates, "certificates_that_are_not_valid_yet_are_refused"),
		WRONG_TEST(late_certificates, "expired_certificates_are_refused"),
		WRONG_TEST(old_lists, "expired_revocation_lists_are_refused"),
		WRONG_TEST(revoked_pck, "a_revoked_pck_is_refused"),
		WRONG_TEST(revoked_ca, "a_revoked_ca_is_refused"),
		WRONG_TEST(revoked_signer, "a_revoked_signer_of_tcb_info_is_refused"),
		WRONG_TEST(other_list, "a_revocation_list_of_another_ca_is_refused"),
		WRONG_TEST(no_tcb, "a_pck_without_tcb_is_refused"),
		WRONG_TEST(two_fmspcs, "a_pck_with_two_fmspcs_is_refused"),
		WRONG_TEST(fifteen_components, "a_pck_with_fifteen_components_is_refused"),
		WRONG_TEST(long_fmspc, "a_pck_with_a_long_fmspc_is_refused"),
		WRONG_TEST(negative_component, "a_pck_with_a_negative_component_is_refused"),
		WRONG_TEST(large_component, "a_pck_with_a_component_over_255_is_refused"),
		WRONG_TEST(other_fmspc, "tcb_info_of_another_fmspc_is_refused"),
		WRONG_TEST(other_pceid, "tcb_info_of_another_pceid_is_refused"),
		WRONG_TEST(low_component, "a_component_below_the_best_level_is_refused"),
		WRONG_TEST(low_pcesvn, "a_pcesvn_below_the_best_level_is_refused"),
		WRONG_TEST(below_all, "a_platform_below_all_levels_is_refused"),
		WRONG_TEST(hardening, "software_hardening_needed_is_refused_by_the_strict_policy"),
		WRONG_TEST(revoked_tcb, "a_revoked_tcb_is_refused"),
		WRONG_TEST(old_qe, "a_quoting_enclave_out_of_date_is_refused"),
		WRONG_TEST(oldest_qe, "a_quoting_enclave_below_all_levels_is_refused"),
		WRONG_TEST(revoked_qe, "a_revoked_quoting_enclave_is_refused"),
		WRONG_TEST(info_of_later, "tcb_info_of_later_is_refused"),
		WRONG_TEST(old_info, "expired_tcb_info_is_refused"),
		WRONG_TEST(old_qe_identity, "an_expired_qe_identity_is_refused"),
		WRONG_TEST(info_by_platform, "tcb_info_signed_by_a_platform_is_refused"),
		WRONG_TEST(altered_info, "altered_tcb_info_is_refused"),
		WRONG_TEST(altered_identity, "an_altered_qe_identity_is_refused"),
		WRONG_TEST(debug, "a_debug_enclave_is_refused"),
		WRONG_TEST(uninitialised, "an_enclave_without_init_is_refused"),
		WRONG_TEST(other_qe_product, "a_quoting_enclave_of_another_product_is_refused"),
		WRONG_TEST(other_qe_signer, "a_quoting_enclave_of_another_signer_is_refused"),
		WRONG_TEST(debug_qe, "a_debug_quoting_enclave_is_refused"),
		WRONG_TEST(other_attestation_key, "a_report_about_another_attestation_key_is_refused"),
		WRONG_TEST(other_pck, "a_report_not_signed_by_the_pck_is_refused"),
		WRONG_TEST(other_signer, "a_quote_not_signed_by_its_key_is_refused"),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
