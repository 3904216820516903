/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `bartizan-agent serve` was told. */
#ifndef AGENT_SERVE_SETTINGS_H
#define AGENT_SERVE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/qemu-process.h"

enum {
	SERVE_LISTENER_COUNT_MAX = 16,
	SERVE_TARGET_COUNT_MAX = 64,
	SERVE_SESSION_COUNT_MAX = 1024,
	SERVE_PATH_SIZE = 4096,
	/* What a session takes at most (client.c has the sum); docs/agent.md, docs/read-plans.md and
	 * --sessions' help say it, MemoryMax in bartizan-agent.service follows from it. */
	SERVE_SESSION_KIB_MAX = 8256,
};

enum listener_kind {
	LISTENER_UNIX,
	LISTENER_TCP,
	LISTENER_VSOCK,
	LISTENER_SERIAL,
	LISTENER_IVSHMEM,
};

struct serve_settings {
	struct {
		enum listener_kind kind;
		const char *place;
	} listener[SERVE_LISTENER_COUNT_MAX];
	uint32_t listener_count;
	const char *target[SERVE_TARGET_COUNT_MAX];
	uint32_t target_count;
	struct qemu_owners owners; /* whose QEMUs "qemu:NAME" may mean */
	char owner_path[SERVE_PATH_SIZE], key_path[SERVE_PATH_SIZE], socket_path[SERVE_PATH_SIZE];
	mode_t socket_mode;
	const char *user; /* NULL: stay who we are */
	int epoch_file; /* inherited: an epoch for the one target, kept by who started us; -1: none */
	uint32_t pause_ms; /* for how long a target may stand still at most; 0: never */
	uint32_t session_count_max, half_open_count_max;
	uint32_t handshakes_per_second; /* of each listener */
	uint32_t requests_per_second; /* of each session; 0: no limit */
	uint32_t hello_s; /* from the connection to the handshake */
	uint32_t idle_s; /* of a session that asks nothing, until it ends; 0: its grant's end */
	bool no_epochs;
	bool json, accept_sim, accept_debug;
};

#endif
