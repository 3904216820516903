/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run-plain [--without-fsgsbase] IMAGE ARGUMENTS…: the backend `plain` with no
 * target, for tests of what doesn't need one. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/loader/plain.h"

int main(int argc, char **argv)
{
	bool without = argc > 1 && strcmp(argv[1], "--without-fsgsbase") == 0;
	const char *const *arguments = (const char *const *)argv + 1 + without;
	struct plain_program program = {
		.image_path = arguments[0],
		.arguments = arguments,
		.environment = (const char *const *)environ,
		.without_fsgsbase = without,
	};
	int exit_code;

	if (arguments[0] == NULL) {
		fprintf(stderr, "usage: run-plain [--without-fsgsbase] IMAGE ARGUMENTS…\n");
		return 2;
	}
	return plain_run(&program, &exit_code) == STATUS_OK ? exit_code : 125;
}
