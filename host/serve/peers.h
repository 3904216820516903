/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's part in programs inside that run others (wire/peer.h): processes with a socket to each, and
 * messages handed on. What is in them is sealed.
 */
#ifndef HOST_SERVE_PEERS_H
#define HOST_SERVE_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "wire/peer.h"

enum { PEERS_COUNT = PEER_PARENT + 1 };

struct peers {
	/* Start the port `name` as a process of its own that gets `socket` and closes nothing of ours. The
	 * caller closes `socket`. Reported. NULL: no programs are run here. */
	status (*start)(void *context, const char *name, int socket, pid_t *ret_pid);
	void *context;
	int socket[PEERS_COUNT]; /* by number; -1: none */
	pid_t pid[PEERS_COUNT]; /* 0: none, or the parent */
};

/* `parent_socket`: a parent's, taken; -1: none. */
void peers_init(struct peers *peers, int parent_socket);
/* Hang up, end what still runs, and wait for it. */
void peers_deinit(struct peers *peers);

/* The calls of wire/call.h, with their results; numbers and masks may be anything. */
int64_t peers_start(struct peers *peers, const char *name);
int64_t peers_end(struct peers *peers, uint64_t number);
int64_t peers_wait(struct peers *peers, uint64_t reading, uint64_t writing);
int64_t peers_send(struct peers *peers, uint64_t number, const void *message, size_t size);
int64_t peers_receive(struct peers *peers, uint64_t number, void *message, size_t capacity);

#endif
