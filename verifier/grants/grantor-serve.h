/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grantor's socket: bounded clients, bounded time, one thread. */
#ifndef VERIFIER_GRANTS_GRANTOR_SERVE_H
#define VERIFIER_GRANTS_GRANTOR_SERVE_H

#include "verifier/grants/grantor.h"

enum {
	/* At once: as many as an agent takes sessions. A visit is as long as its enclave takes to start. */
	GRANTOR_CLIENT_COUNT_MAX = 64,
	/* For the whole visit: connect, ask for the key, start an enclave, ask. */
	GRANTOR_CLIENT_SECONDS_MAX = 60,
	/* Serial ports: VMs with an enclave in them. */
	GRANTOR_SERIAL_COUNT_MAX = 16,
};

struct grantor_server {
	const struct grantor_policy *policy;
	int listener; /* a listening Unix socket; -1: none */
	/* Unix sockets of QEMU's chardevs; connected to when they are there, and again. */
	const char *serials[GRANTOR_SERIAL_COUNT_MAX];
	unsigned int serial_count;
	int parent; /* serve until this is readable or at its end; -1: none */
	bool is_quiet; /* say nothing about single requests */
};

/* Serve until SIGTERM or SIGINT, or until the parent is gone. STATUS_IO: the socket
 * failed, reported. */
MUST_USE status grantor_serve(const struct grantor_server *server);

#endif
