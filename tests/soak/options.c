/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>

static uint64_t number(struct argp_state *state, const char *text)
{
	char *end;

	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-')
		argp_error(state, "\"%s\" is no number", text);
	return value;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct soak_options *options = state->input;

	switch (key) {
	case 'c': options->count = number(state, argument); return 0;
	case 's': options->seed = number(state, argument); return 0;
	case 'f': options->first = number(state, argument); return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

struct soak_options soak_options_parse(int argc, char **argv, const char *doc)
{
	static const struct argp_option argp_options[] = {
		{"count", 'c', "N", 0, "so many lies (default 20000)", 0},
		{"seed", 's', "S", 0, "which lies (default 1)", 0},
		{"first", 'f', "I", 0, "the number of the first one (default 0)", 0},
		{0},
	};
	const struct argp argp = {.options = argp_options, .parser = parse_option, .doc = doc};
	struct soak_options options = {.count = 20000, .seed = 1};

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	return options;
}
