/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The source's end of wire/link-shared.h. The other end is hostile, as in any ring, and
 * here it, or whoever runs its QEMU, can cut the file as well: every access is
 * guarded (guarded.h).
 */
#ifndef AGENT_SERVE_SHARED_RING_H
#define AGENT_SERVE_SHARED_RING_H

#include "agent/serve/source-ring.h"
#include "wire/link-shared.h"

struct shared_ring {
	struct link_shared *shared;
	uint64_t connect; /* of the conversation; 0: none */
	int64_t quiet_since_ns; /* nothing has come since then */
	struct source_ring ring;
};

/* Map `path`, which is made if need be: a regular file of at least LINK_SHARED_SIZE
 * bytes. STATUS_USAGE, STATUS_DENIED, STATUS_IO, STATUS_NO_MEMORY: reported. */
MUST_USE status shared_ring_map(const char *path, struct link_shared **ret_shared);
void shared_ring_unmap(struct link_shared *shared);
/* "I'm there": once a second or more. */
void shared_ring_beat(struct link_shared *shared);

void shared_ring_init(struct shared_ring *ring, struct link_shared *shared);

/* Wait at most `timeout_ms` for a client that begins, and say hello to it. STATUS_TORN: none
 * came. STATUS_IO, reported: the memory vanished. */
MUST_USE status shared_ring_greet(struct shared_ring *ring, const struct agent_hello *hello, int timeout_ms);

/* As source_ring_take(); STATUS_GONE: the client went, or another one begins;
 * STATUS_IO, reported: the memory vanished. */
MUST_USE status shared_ring_take(struct shared_ring *ring, int timeout_ms,
				 uint8_t request[static LINK_RING_REQUEST_SIZE], size_t *ret_size);
/* As source_ring_reply(), source_ring_end(). STATUS_IO, reported: the memory vanished. */
MUST_USE status shared_ring_reply(struct shared_ring *ring, struct span reply);
MUST_USE status shared_ring_end(struct shared_ring *ring, struct span last_words);

#endif
