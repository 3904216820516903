/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "verifier/daemon/commands.h"
#include "verifier/daemon/serve.h"
#include "verifier/grants/keys.h"
#include "verifier/page/login.h"

struct settings {
	struct serve_options serve;
	bool check_only;
};

enum { OPTION_CONFIG = 256, OPTION_CHECK, OPTION_SIM, OPTION_ANYONE };

static const struct argp_option options[] = {
	{"config", OPTION_CONFIG, "FILE", 0, "The configuration, YAML", 0},
	{"config-check", OPTION_CHECK, NULL, 0, "Read the configuration, say what is wrong with it, and end", 0},
	{"insecure-accept-sim", OPTION_SIM, "FINGERPRINT", 0,
	 "Take simulated enclaves, too, of the one machine whose fake root has this fingerprint (`bartizan sim-root` "
	 "prints it "
	 "there; may be given several times): they prove nothing to who doesn't own that machine",
	 0},
	{"insecure-accept-anyone", OPTION_ANYONE, "SOCKET", 0,
	 "Take whoever connects to this Unix socket for the enclave that he says he is: for tests and simulations", 0},
	{0},
};

static void add_sim_root(struct argp_state *state, struct rules_options *serving, const char *argument)
{
	if (serving->sim_root_count == GATE_SIM_ROOT_COUNT_MAX)
		argp_error(state, "--insecure-accept-sim is for %d machines at most", GATE_SIM_ROOT_COUNT_MAX);
	else if (strlen(argument) != (size_t)2 * APPRAISAL_SIM_FINGERPRINT_SIZE ||
		 key_from_hex(argument, serving->sim_roots[serving->sim_root_count], APPRAISAL_SIM_FINGERPRINT_SIZE) !=
			 STATUS_OK)
		argp_error(state, "--insecure-accept-sim %s: a fingerprint has %d hexadecimal digits", argument,
			   2 * APPRAISAL_SIM_FINGERPRINT_SIZE);
	else
		serving->sim_root_count++;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct settings *settings = state->input;

	switch (key) {
	case OPTION_CONFIG: settings->serve.rules.config = argument; return 0;
	case OPTION_CHECK: settings->check_only = true; return 0;
	case OPTION_ANYONE: settings->serve.unproven_socket = argument; return 0;
	case OPTION_SIM: add_sim_root(state, &settings->serve.rules, argument); return 0;
	case ARGP_KEY_ARG: argp_error(state, "there is nothing to do with %s", argument); return 0;
	case ARGP_KEY_END:
		if (settings->serve.rules.config == NULL)
			argp_error(state, "--config is wanted");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse_option,
	.doc = "Expect heartbeats of the configuration's targets, keep what enclaves find, tell who is missing.\v"
	       "Of each target's results 90 days and 256 MiB are kept, and no more than 1 GiB is taken, where `keep` "
	       "in the "
	       "configuration doesn't say otherwise.\n\n"
	       "Exit status: 0 told to end, or the configuration is good; 1 could not start, or it isn't; 2 usage.",
};

/* All that a start would read, but the store. */
static status check(const struct rules_options *asked)
{
	struct rules *rules;
	struct login login;

	TRY(rules_create(asked, &rules));
	const struct config *config = &rules->config;
	const status result = config->page_login[0] != '\0' ? login_init(&login, config->page_login) : STATUS_OK;
	if (result == STATUS_OK)
		printf("%s: %zu targets, %zu outputs: good\n", asked->config, config->target_count,
		       config->output_count);
	rules_destroy(rules);
	return result;
}

int command_serve(int argc, char **argv)
{
	static struct settings settings;

	argp_err_exit_status = COMMAND_EXIT_USAGE;
	if (argp_parse(&parser, argc, argv, 0, NULL, &settings) != 0)
		return COMMAND_EXIT_USAGE;
	const status result = settings.check_only ? check(&settings.serve.rules) : serve(&settings.serve);
	return result == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
