/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program gives to a shell (popen(), system(): sh -c "…"), as far as there is a shell
 * inside: programs with arguments, joined by pipes; quotes and backslashes as in POSIX sh, 2.2; of
 * redirections those to /dev/null and of one stream to another. All else is refused with what was found.
 */
#ifndef ENCLAVE_SPAWN_COMMAND_H
#define ENCLAVE_SPAWN_COMMAND_H

#include <stddef.h>

#include "base/status.h"

enum {
	COMMAND_SIZE_MAX = 4096,
	COMMAND_STAGE_COUNT_MAX = 6,
	COMMAND_ARGUMENT_COUNT_MAX = 64,
	COMMAND_REDIRECTION_COUNT_MAX = 6,
	COMMAND_TO_NULL = -1,
};

struct command_redirection {
	int stream; /* 0, 1, 2 */
	int to; /* 0, 1, 2, or COMMAND_TO_NULL */
};

struct command_stage {
	char *argument[COMMAND_ARGUMENT_COUNT_MAX + 1]; /* NULL ends */
	size_t argument_count; /* at least 1 */
	struct command_redirection redirection[COMMAND_REDIRECTION_COUNT_MAX]; /* in this order */
	size_t redirection_count;
};

struct command {
	struct command_stage stage[COMMAND_STAGE_COUNT_MAX];
	size_t stage_count; /* at least 1 */
	char text[2 * COMMAND_SIZE_MAX]; /* the arguments */
};

/* STATUS_UNSUPPORTED, reported with what stands there. */
MUST_USE status command_parse(const char *line, struct command *ret_command);

#endif
