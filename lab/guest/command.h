/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One command that somebody outside asked for, and its three pipes. */
#ifndef LAB_GUEST_COMMAND_H
#define LAB_GUEST_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "lab/frame.h"

/* One of stdout and stderr, read by us. */
struct command_output {
	int fd; /* -1: at its end */
	uint32_t window; /* bytes that we may still send */
	bool draining; /* the command has exited: only `left` bytes are its own */
	size_t left;
	enum lab_frame_type type;
};

struct command {
	bool used;
	bool exited;
	uint32_t stream;
	pid_t pid; /* 0: argv is still being collected */
	uint32_t exit_code;
	int input_fd; /* -1: closed */
	bool input_ended;
	struct lab_queue arguments;
	struct lab_queue input;
	struct command_output output, error;
};

void command_init(struct command *command, uint32_t stream);
/* Closes the pipes; doesn't touch the process. */
void command_deinit(struct command *command);

/* Add a piece of argv. STATUS_LIMIT, STATUS_NO_MEMORY: the command is to be
 * ended with command_fail(). */
MUST_USE status command_add_arguments(struct command *command, const uint8_t *bytes, size_t size);
/* Start the process. Same results. */
MUST_USE status command_start(struct command *command);
/* The process couldn't be made: say so as its stderr, with this exit code. */
MUST_USE status command_fail(struct command *command, struct lab_queue *to_host, const char *why, uint32_t exit_code);

/* Bytes for stdin; none: end of file. STATUS_LIMIT: more than the window. */
MUST_USE status command_add_input(struct command *command, const uint8_t *bytes, size_t size);
/* Pass on what stdin takes now, and credit it. STATUS_NO_MEMORY. */
MUST_USE status command_write_input(struct command *command, struct lab_queue *to_host);
/* Send on what is there, as far as the window goes. STATUS_NO_MEMORY. */
MUST_USE status command_read_output(struct command *command, struct command_output *output, struct lab_queue *to_host);

/* The process has ended with this wait status. */
void command_exited(struct command *command, int wait_status);
/* Has it ended, and was everything sent that it wrote? */
bool command_finished(const struct command *command);
/* Kill it and everything in its session's first process group. */
void command_kill(const struct command *command);

#endif
