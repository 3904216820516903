/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that a program inside runs: each a `bartizan run` of its own, with a socket to
 * the one that runs it (host/serve/peers.h). docs/spawn.md.
 */
#ifndef CLI_CHILDREN_H
#define CLI_CHILDREN_H

#include "host/image/notes.h"
#include "host/serve/peers.h"

enum {
	CHILDREN_ARGUMENT_COUNT_MAX = 24,
	/* Where a child finds its socket. */
	CHILDREN_SOCKET_FD = 3,
};

#define CHILDREN_SOCKET_TEXT "3"

/* What all of them are run with. */
struct children {
	const char *option[CHILDREN_ARGUMENT_COUNT_MAX + 1]; /* NULL ends */
	size_t option_count;
};

/* Add "--name value"; nothing where `value` is NULL. */
void children_option(struct children *children, const char *name, const char *value);

/* peers.h's `start`; the context is struct children. */
MUST_USE status children_start(void *children, const char *name, int socket, pid_t *ret_pid);

#endif
