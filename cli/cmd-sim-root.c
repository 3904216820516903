/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bartizan sim-root: which fake root evidence of the backend sim hangs on here. docs/evidence.md. */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "base/report.h"
#include "cli/command.h"
#include "sim/platform.h"
#include "verifier/grants/keys.h"

static const struct argp_option options[] = {
	{"json", 'j', NULL, 0, "Print one JSON object", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	bool *as_json = state->input;

	switch (key) {
	case 'j': *as_json = true; return 0;
	case ARGP_KEY_ARG: argp_error(state, "there is nothing to do with %s", argument); return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse_option,
	.doc = "Print the fingerprint of this user's FAKE root on this machine, which all evidence of the backend sim "
	       "hangs on (it is made on first use).\v"
	       "A verifier that is started with --insecure-accept-sim FINGERPRINT accepts simulated enclaves "
	       "of this machine, and of no other. Whoever can read the fake root can forge their evidence.",
};

static status fingerprint(uint8_t ret_fingerprint[SIM_FINGERPRINT_SIZE])
{
	struct sim_platform platform;
	struct sim_root root;

	TRY(sim_root_load(&root));
	TRY(sim_platform_init(&platform, &root));
	status result = sim_platform_fingerprint(&platform, ret_fingerprint);
	sim_platform_deinit(&platform);
	return result;
}

static void print(const char *text, bool as_json)
{
	if (!as_json) {
		printf("%s\n", text);
		return;
	}
	json_t *object = json_pack("{s:s, s:b}", "fingerprint", text, "fake", 1);
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
}

int cmd_sim_root(int argc, char **argv)
{
	uint8_t bytes[SIM_FINGERPRINT_SIZE];
	char text[2 * SIM_FINGERPRINT_SIZE + 1];
	bool as_json = false;

	if (argp_parse(&parser, argc, argv, 0, NULL, &as_json) != 0)
		return EXIT_CODE_USAGE;
	if (fingerprint(bytes) != STATUS_OK)
		return EXIT_CODE_FAILED;
	key_to_hex(bytes, sizeof bytes, text);
	print(text, as_json);
	return EXIT_CODE_OK;
}
