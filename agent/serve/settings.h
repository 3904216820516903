/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `bartizan-agent serve` was told. */
#ifndef AGENT_SERVE_SETTINGS_H
#define AGENT_SERVE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	SERVE_LISTENER_COUNT_MAX = 16,
	SERVE_TARGET_COUNT_MAX = 64,
	SERVE_SESSION_COUNT_MAX = 1024,
	SERVE_PATH_SIZE = 4096,
};

enum listener_kind {
	LISTENER_UNIX,
	LISTENER_TCP,
	LISTENER_VSOCK,
	LISTENER_SERIAL,
};

struct serve_settings {
	struct {
		enum listener_kind kind;
		const char *place;
	} listener[SERVE_LISTENER_COUNT_MAX];
	uint32_t listener_count;
	const char *target[SERVE_TARGET_COUNT_MAX];
	uint32_t target_count;
	char owner_path[SERVE_PATH_SIZE], key_path[SERVE_PATH_SIZE], socket_path[SERVE_PATH_SIZE];
	mode_t socket_mode;
	const char *user; /* NULL: stay who we are */
	uint32_t session_count_max, half_open_count_max;
	uint32_t handshakes_per_second; /* of each listener */
	uint32_t requests_per_second; /* of each session; 0: no limit */
	uint32_t hello_s; /* from the connection to the handshake */
	bool json, accept_sim, accept_debug;
};

#endif
