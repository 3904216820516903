/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of one client: for the files that serve it (client.c, greeting.c, conversation.c), each of them in the
 * client's own thread. */
#ifndef AGENT_SERVE_CLIENT_STATE_H
#define AGENT_SERVE_CLIENT_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/serve/answer.h"
#include "agent/serve/bucket.h"
#include "agent/serve/channel.h"
#include "agent/serve/daemon.h"
#include "link/ahead.h"
#include "link/session.h"

enum {
	/* A thread looks around so often: is the client still there, are we to end? */
	CLIENT_SLICE_MS = 500,
};

struct client {
	struct daemon *daemon;
	struct listener *listener;
	int file;
	char name[64]; /* for the log */
	bool may_ask_status;
	bool is_evicted; /* atomic */
	bool owes_reply; /* a message was taken and not answered */
	bool in_session;
	struct channel channel;
	struct link_session session;
	struct link_ahead ahead;
	struct link_grant grant;
	struct answerer answerer;
	struct bucket requests;
	struct bucket renewals;
	int64_t expires_ns;
	uint32_t revoked_generation; /* at the last look at whether the grant was taken back */
	bool is_revoked; /* it was */
	/* Record contents; of requests, opened, and of replies, sealed in place. Never in shared
	 * memory: what a cipher works on must not change under it. */
	uint8_t content[LINK_RING_REQUEST_SIZE];
	/* So that a reply's content, which follows its head, is aligned as its slots are. */
	_Alignas(64) uint8_t before_reply[64 - LINK_HEAD_SIZE];
	uint8_t reply[LINK_RING_REPLY_SIZE];
};

/* When so many seconds are over, by clock_ns(). */
static inline int64_t client_deadline_ns(int64_t seconds)
{
	return clock_ns() + seconds * 1000000000;
}

static inline void client_count(const struct client *client, enum counter which)
{
	counters_add(&client->daemon->counters, which, 1);
}

static inline bool client_is_evicted(const struct client *client)
{
	return __atomic_load_n(&client->is_evicted, __ATOMIC_ACQUIRE);
}

#endif
