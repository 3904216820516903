/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run-plain [--sim] IMAGE ARGUMENTS…: the backend `plain` (or sim) with no target,
 * for tests of what doesn't need one. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/loader/plain.h"
#include "host/loader/program.h"
#include "host/loader/sim.h"

int main(int argc, char **argv)
{
	bool sim = argc > 1 && strcmp(argv[1], "--sim") == 0;
	const char *const *arguments = (const char *const *)argv + 1 + sim;
	struct program program = {
		.backend = sim ? &sim_backend : &plain_backend,
		.image_path = arguments[0],
		.arguments = arguments,
		.environment = (const char *const *)environ,
	};
	int exit_code;

	if (arguments[0] == NULL) {
		fprintf(stderr, "usage: run-plain [--sim] IMAGE ARGUMENTS…\n");
		return 2;
	}
	return program_run(&program, &exit_code) == STATUS_OK ? exit_code : 125;
}
