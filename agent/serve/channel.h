/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of the link to and from one client, however they travel: through a ring,
 * one in memory that is shared with another machine, or as frames over a socket or a serial
 * port. */
#ifndef AGENT_SERVE_CHANNEL_H
#define AGENT_SERVE_CHANNEL_H

#include <stdbool.h>

#include "agent/serve/shared-ring.h"
#include "agent/serve/source-ring.h"
#include "base/reader.h"
#include "base/status.h"
#include "wire/frame.h"

enum {
	/* A client that takes longer to accept an answer is dead: so long, and a second for every
	 * 64 KiB, since what a read plan brings is a megabyte, and lines are slow. */
	CHANNEL_SEND_MS = 5000,
	CHANNEL_SEND_BYTES_PER_MS = 64,
};

struct channel {
	int file;
	bool is_serial;
	bool has_ring;
	struct source_ring ring;
	bool has_shared_ring; /* instead of a file and all else here */
	struct shared_ring shared;
	struct frame_reader reader;
	uint32_t sequence; /* of the frame to answer */
	uint8_t request[LINK_RING_REQUEST_SIZE];
};

/* Frames over `file`, which isn't taken over. */
void channel_init(struct channel *channel, int file, bool is_serial);
/* Through memory shared with another machine. */
void channel_init_shared(struct channel *channel, struct link_shared *shared);
void channel_deinit(struct channel *channel);

/* The next frame, whatever its type; its body is in channel->request. Statuses as
 * frame_reader_next(). */
MUST_USE status channel_frame(struct channel *channel, int timeout_ms, struct agent_frame *ret_head);
/* Send one. As frame_write(). */
MUST_USE status channel_send(struct channel *channel, enum agent_frame_type type, struct span body);

/* Wait for a client in shared memory and say hello. As shared_ring_greet(). */
MUST_USE status channel_greet(struct channel *channel, const struct agent_hello *hello, int timeout_ms);

/* Say hello and go on through a ring of our own (a Unix socket). Reported:
 * STATUS_NO_MEMORY, STATUS_IO; not: STATUS_GONE. */
MUST_USE status channel_share(struct channel *channel, struct span hello);

/* The next message of the link, in channel->request, waiting at most `timeout_ms`.
 * STATUS_TORN: none yet; STATUS_GONE: the client is; STATUS_END: a serial port's client
 * begins anew (AGENT_CONNECT, which is in channel->request); STATUS_MALFORMED, reported. */
MUST_USE status channel_receive(struct channel *channel, int timeout_ms, struct span *ret_message);
/* Answer it. STATUS_GONE: the client is. */
MUST_USE status channel_reply(struct channel *channel, struct span message);
/* Nothing more will come. */
void channel_end(struct channel *channel, struct span last_words);

/* End another thread's wait in channel_receive(); it gets STATUS_GONE soon. */
void channel_hang_up(struct channel *channel);

/* Make it look around: a wait in a ring returns STATUS_TORN early. */
void channel_wake(struct channel *channel);

#endif
