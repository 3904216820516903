/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One client: a connection, what it said of itself, and its session. Each has a thread
 * of its own, which waits for nobody else: what a client does, or stops doing, is
 * its own affair.
 */
#ifndef AGENT_SERVE_CLIENT_H
#define AGENT_SERVE_CLIENT_H

#include "agent/serve/daemon.h"

/* Serve the connection `file`, which is taken over, in a new thread. Where that can't be,
 * the connection is closed, and it is said. */
void client_start(struct daemon *daemon, struct listener *listener, int file);
/* Serve a serial port, or shared memory, for good, in a new thread. STATUS_NO_MEMORY: reported. */
MUST_USE status client_start_port(struct daemon *daemon, struct listener *listener);

/* It has to go: others came. The daemon's lock is held. */
void client_evict(struct client *client);
/* Make it look at daemon->is_ending. The daemon's lock is held. */
void client_wake(struct client *client);

#endif
