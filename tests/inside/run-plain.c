/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run-plain IMAGE ARGUMENTS…: the backend `plain` with no target, for tests of
 * what doesn't need one. */
#include <stdio.h>
#include <unistd.h>

#include "host/loader/plain.h"
#include "host/loader/program.h"

int main(int argc, char **argv)
{
	const char *const *arguments = (const char *const *)argv + 1;
	struct program program = {
		.backend = &plain_backend,
		.image_path = arguments[0],
		.arguments = arguments,
		.environment = (const char *const *)environ,
	};
	int exit_code;

	if (argc < 2) {
		fprintf(stderr, "usage: run-plain IMAGE ARGUMENTS…\n");
		return 2;
	}
	return program_run(&program, &exit_code) == STATUS_OK ? exit_code : 125;
}
