/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program of ours as a child that can't outlive us: it is told to end when we do, by
 * the kernel and by a pipe.
 */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/status.h"

enum {
	CHILD_ARGUMENT_COUNT_MAX = 64,
	/* Where a child finds what we hand over. */
	CHILD_PARENT_FD = 3, /* the pipe: at its end when we are gone */
	CHILD_LISTENER_FD = 4,
};

#define CHILD_LISTENER_WORD "4" /* as an option's value */

struct child {
	const char *name; /* "bartizan-agent" */
	pid_t pid; /* 0: none */
	int pipe; /* our end */
	int log; /* a memory file: its standard error */
};

/* Start the program `name` that lies beside this one. argv[0] is set here; NULL ends. `listener`
 * (-1: none) becomes CHILD_LISTENER_FD. Standard input and output are /dev/null; what it
 * says on standard error is kept. STATUS_MISSING: no such program; STATUS_IO. Reported. */
MUST_USE status child_start(struct child *child, const char *name, const char *const *arguments, int listener);
/* Tell it to end, and wait for that. */
void child_end(struct child *child);
/* Has it ended by itself? */
bool child_has_ended(const struct child *child);
/* The exit code of one that has; -1 for one that a signal ended. */
int child_exit_code(const struct child *child);
/* Pass on what it said, to our standard error: all of it, or only the warnings of a daemon
 * that writes priorities as for systemd's journal (sd-daemon(3); it is told to). */
void child_print_log(const struct child *child, bool only_warnings);

#endif
