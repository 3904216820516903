/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all clients of the daemon share, and its main loop. */
#ifndef AGENT_SERVE_DAEMON_H
#define AGENT_SERVE_DAEMON_H

#include <pthread.h>
#include <stdbool.h>

#include "agent/serve/clock.h"
#include "agent/serve/counters.h"
#include "agent/serve/epochs.h"
#include "agent/serve/half-open.h"
#include "agent/serve/hub.h"
#include "agent/serve/identity.h"
#include "agent/serve/listener.h"
#include "agent/serve/quota.h"
#include "agent/serve/revoked.h"
#include "agent/serve/session-table.h"
#include "agent/serve/settings.h"

struct client;

struct daemon {
	const struct serve_settings *settings;
	const struct link_primitives *primitives;
	struct identity identity;
	struct grant_clock clock;
	struct hub hub;
	struct quota_table quotas;
	struct revoked_table revoked;
	struct epochs epochs;
	struct counters counters;
	struct listener listener[SERVE_LISTENER_COUNT_MAX];
	uint32_t listener_count;
	int signals; /* signalfd */
	bool is_ending; /* atomic */

	pthread_mutex_t lock; /* for all that follows */
	pthread_cond_t client_left;
	struct half_open half_open;
	struct client **client; /* those that are there; client_count_max */
	uint32_t client_count, client_count_max;
	struct session_table sessions; /* proven */
	uint64_t client_number; /* of the last one, for the log */
};

/* Serve until SIGTERM or SIGINT. STATUS_OK: told to end, and every session was closed.
 * Anything else is reported. */
MUST_USE status daemon_serve(const struct serve_settings *settings);

/* The state as JSON; NULL without memory. */
json_t *daemon_json(struct daemon *daemon);

/* For clients. A new one is half-open, and pushes the oldest half-open one out; false: there are
 * too many already. */
bool daemon_enter(struct daemon *daemon, struct client *client, bool is_half_open);
void daemon_leave(struct daemon *daemon, struct client *client);
/* A half-open one has proven itself. STATUS_LIMIT, reported: no session is free, or none for this grant. */
MUST_USE status daemon_take_session(struct daemon *daemon, const struct client *client, const struct link_grant *grant);
/* Its session goes on under a later grant. STATUS_LIMIT, reported: that has no session free. */
MUST_USE status daemon_renew_session(struct daemon *daemon, const struct link_grant *grant,
				     const struct link_grant *later);
void daemon_leave_session(struct daemon *daemon, const struct link_grant *grant);
/* A proven one has lost its session, and stays to be told why. */
void daemon_enter_half_open(struct daemon *daemon, struct client *client);
bool daemon_is_ending(const struct daemon *daemon);

#endif
