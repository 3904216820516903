/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <argp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/report.h"
#include "base/whole-file.h"
#include "verifier/appraisal/appraise.h"
#include "verifier/appraisal/instant.h"
#include "verifier/appraisal/print.h"
#include "verifier/daemon/commands.h"
#include "verifier/grants/keys.h"

struct settings {
	const char *quote, *collateral, *policy;
	time_t at;
	bool json;
	uint8_t sim_root[1][APPRAISAL_SIM_FINGERPRINT_SIZE];
	size_t sim_root_count;
};

enum { OPTION_QUOTE = 256, OPTION_COLLATERAL, OPTION_AT, OPTION_POLICY, OPTION_JSON, OPTION_SIM };

static const struct argp_option options[] = {
	{"quote", OPTION_QUOTE, "FILE", 0, "The quote, as the quoting enclave gave it", 0},
	{"collateral", OPTION_COLLATERAL, "DIR", 0,
	 "Intel's collateral: tcb_info.json, qe_identity.json, tcb_info_issuer_chain.pem, "
	 "qe_identity_issuer_chain.pem, "
	 "pck_crl.der, pck_crl_issuer_chain.pem, root_ca_crl.der",
	 0},
	{"at", OPTION_AT, "TIME", 0, "Judge as of this time, such as 2025-06-20T00:00:00Z (default: now)", 0},
	{"policy", OPTION_POLICY, "FILE", 0, "Reference values and tolerances, YAML (default: none of either)", 0},
	{"insecure-accept-sim", OPTION_SIM, "FINGERPRINT", 0,
	 "Accept quotes of the backend sim of the one machine whose FAKE root has this fingerprint "
	 "(`bartizan sim-root` prints it there); they need no --collateral, and prove nothing to who doesn't own "
	 "that machine",
	 0},
	{"json", OPTION_JSON, NULL, 0, "Print one JSON object", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct settings *settings = state->input;

	switch (key) {
	case OPTION_QUOTE: settings->quote = argument; return 0;
	case OPTION_COLLATERAL: settings->collateral = argument; return 0;
	case OPTION_POLICY: settings->policy = argument; return 0;
	case OPTION_JSON: settings->json = true; return 0;
	case OPTION_AT:
		if (instant_parse(argument, &settings->at) != STATUS_OK)
			argp_error(state, "--at %s: a time such as 2025-06-20T00:00:00Z is wanted", argument);
		return 0;
	case OPTION_SIM:
		if (settings->sim_root_count > 0)
			argp_error(state, "--insecure-accept-sim takes one machine's fingerprint, once");
		if (key_from_hex(argument, settings->sim_root[0], sizeof settings->sim_root[0]) != STATUS_OK)
			argp_error(state, "--insecure-accept-sim %s: a fingerprint has %d hexadecimal digits", argument,
				   2 * APPRAISAL_SIM_FINGERPRINT_SIZE);
		settings->sim_root_count = 1;
		return 0;
	case ARGP_KEY_ARG: argp_error(state, "there is nothing to do with %s", argument); return 0;
	case ARGP_KEY_END:
		if (settings->quote == NULL || (settings->collateral == NULL && settings->sim_root_count == 0))
			argp_error(state, "--quote and --collateral are wanted");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse_option,
	.doc = "Judge a quote offline: signatures, chain, revocation lists, TCB status, the quoting enclave's "
	       "identity, "
	       "dates and DEBUG; the enclave's identity too where the policy has reference values.\v"
	       "Exit status: 0 accepted; 3 parsed and not accepted; 1 a file is missing or can't be parsed; 2 usage.",
};

static void span_free(struct span *bytes)
{
	free((void *)bytes->data);
}

#define CLEANUP_SPAN __attribute__((cleanup(span_free)))

static status policy_load(struct policy *policy, const char *path)
{
	struct span bytes CLEANUP_SPAN = {0};

	policy_init(policy);
	if (path == NULL)
		return STATUS_OK;
	TRY(whole_file_read(path, &bytes));
	return policy_parse(policy, bytes);
}

static status judge(const struct settings *settings, const struct policy *policy, const struct collateral *collateral,
		    bool *ret_accepted)
{
	const struct appraisal_terms terms = {
		.root = &certificate_root_intel,
		.vendor = appraisal_vendor_intel,
		.collateral = collateral,
		.policy = policy,
		.sim_roots = settings->sim_root,
		.sim_root_count = settings->sim_root_count,
		.at = settings->at,
	};
	struct span quote CLEANUP_SPAN = {0};
	struct appraisal appraisal;

	TRY(whole_file_read(settings->quote, &quote));
	TRY(appraise_quote(quote, &terms, &appraisal));
	TRY(appraisal_print(stdout, &appraisal, &terms, settings->json));
	*ret_accepted = verdict_is_accepted(&appraisal.verdict);
	return STATUS_OK;
}

int command_appraise(int argc, char **argv)
{
	static struct policy policy;
	static struct collateral collateral;
	struct settings settings = {.at = time(NULL)};
	bool is_accepted = false;

	argp_err_exit_status = COMMAND_EXIT_USAGE;
	if (argp_parse(&parser, argc, argv, 0, NULL, &settings) != 0)
		return COMMAND_EXIT_USAGE;
	const bool has_collateral = settings.collateral != NULL;
	if (policy_load(&policy, settings.policy) != STATUS_OK ||
	    (has_collateral && collateral_init(&collateral, settings.collateral) != STATUS_OK))
		return EXIT_FAILURE;
	status result = judge(&settings, &policy, has_collateral ? &collateral : NULL, &is_accepted);
	if (has_collateral)
		collateral_deinit(&collateral);
	if (result != STATUS_OK)
		return EXIT_FAILURE;
	return is_accepted ? EXIT_SUCCESS : COMMAND_EXIT_REFUSED;
}
