/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The source's end of a ring (wire/link-ring.h). The other end is hostile: it may
 * change any byte at any time, jump in its numbers, or fall silent. Sizes and
 * numbers are read once and checked, requests copied in once, and nothing that was
 * written is ever read back.
 */
#ifndef AGENT_SERVE_SOURCE_RING_H
#define AGENT_SERVE_SOURCE_RING_H

#include <stddef.h>
#include <stdint.h>

#include "base/patience.h"
#include "base/reader.h"
#include "base/status.h"
#include "wire/link-ring.h"

struct source_ring {
	struct link_ring *shared;
	uint64_t taken_sequence; /* the last request's */
	struct patience patience; /* look for a while before sleeping? */
};

/* Make shared memory whose size nobody can change any more (a client that cut it
 * would end us by SIGBUS), and map it. The descriptor, to be passed on and closed,
 * goes to *ret_file. STATUS_NO_MEMORY, STATUS_IO: reported. */
MUST_USE status source_ring_init(struct source_ring *ring, int *ret_file);
void source_ring_deinit(struct source_ring *ring);

/* The next request, copied to `request`, waiting at most `timeout_ms`. STATUS_TORN: none
 * yet. STATUS_MALFORMED, reported: a number that isn't the next one, or a size
 * beyond the ring's. */
MUST_USE status source_ring_take(struct source_ring *ring, int timeout_ms,
				 uint8_t request[static LINK_RING_REQUEST_SIZE], size_t *ret_size);

/* Answer the request that was taken last; at most LINK_RING_REPLY_SIZE bytes. */
void source_ring_reply(struct source_ring *ring, struct span reply);

/* Say that no answers will come any more; `last_words`, which may be empty, are for whoever
 * looks without having asked. */
void source_ring_end(struct source_ring *ring, struct span last_words);

/* End a source_ring_take() of another thread soon. */
void source_ring_wake(struct source_ring *ring);

#endif
