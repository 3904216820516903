/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bartizan profile: pins of kernels, made from their packages. Described in
 * docs/kernel.md. */
#include <argp.h>
#include <stdlib.h>

#include "base/checked.h"
#include "base/report.h"
#include "cli/command.h"
#include "base/whole-file.h"
#include "guest/kernel/profile-build.h"

struct settings {
	const char *input, *output;
};

static const struct argp_option build_options[] = {
	{"output", 'o', "FILE", 0, "where the profile goes (required)", 0},
	{0},
};

static error_t parse_build(int key, char *argument, struct argp_state *state)
{
	struct settings *settings = state->input;

	switch (key) {
	case 'o': settings->output = argument; return 0;
	case ARGP_KEY_ARG:
		if (settings->input != NULL)
			argp_error(state, "one VMLINUZ, not several");
		settings->input = argument;
		return 0;
	case ARGP_KEY_END:
		if (settings->input == NULL || settings->output == NULL)
			argp_error(state, "give a kernel's vmlinuz and, with -o, where the profile goes");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static status build(const struct settings *settings)
{
	struct span kernel;
	uint8_t *profile;
	size_t size;

	TRY(whole_file_read(settings->input, &kernel));
	status built = profile_build(kernel, &profile, &size);
	free((void *)kernel.data);
	TRY(built);
	status written = whole_file_write(settings->output, (struct span){profile, size});
	free(profile);
	return written;
}

static int cmd_build(int argc, char **argv)
{
	static const struct argp argp = {
		.options = build_options,
		.parser = parse_build,
		.args_doc = "VMLINUZ",
		.doc = "Make a profile of a kernel: its symbols and types, from its package instead of from a target's "
		       "memory. VMLINUZ is a bzImage (gzip, xz, lz4, zstd) or an unpacked vmlinux.\v"
		       "Use it with --profile: a target whose kernel differs is refused.",
	};
	struct settings settings = {0};

	argp_err_exit_status = EXIT_CODE_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &settings) != 0)
		return EXIT_CODE_USAGE;
	status built = build(&settings);
	return built == STATUS_OK ? EXIT_CODE_OK : built == STATUS_USAGE ? EXIT_CODE_USAGE : EXIT_CODE_FAILED;
}

int cmd_profile(int argc, char **argv)
{
	static const struct command commands[] = {
		{"build", cmd_build, "VMLINUZ -o FILE", "make a profile from a kernel's package"},
	};
	const struct command_set set = {
		.name = "bartizan profile",
		.summary = "Pin kernels by what their packages say.",
		.commands = commands,
		.command_count = ARRAY_COUNT(commands),
	};

	return command_dispatch(&set, argc, argv);
}
