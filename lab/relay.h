/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The middle of the exec protocol: many clients on one side, the guest's
 * agent on the other (lab/frame.h). Part of the supervisor.
 *
 * Clients are this user's (the socket's directory is 0700). The guest isn't
 * trusted: it can break its own commands, and end the relay by breaking the
 * protocol, no more; what it can make us hold is bounded per client.
 */
#ifndef LAB_RELAY_H
#define LAB_RELAY_H

#include <poll.h>
#include <stdbool.h>

#include "lab/frame.h"

struct relay_client {
	int fd; /* -1: a free place */
	uint32_t stream; /* its number on the guest's side */
	bool ended; /* its last frame is in `to`: close when that is written */
	struct lab_queue from, to;
};

struct relay {
	int guest_fd, listen_fd;
	bool ready; /* the guest has said hello */
	uint32_t next_stream;
	struct lab_queue from_guest, to_guest;
	struct relay_client clients[LAB_STREAM_COUNT_MAX];
};

enum { RELAY_POLL_COUNT_MAX = 2 + LAB_STREAM_COUNT_MAX };

/* Both descriptors become the relay's. */
void relay_init(struct relay *relay, int guest_fd, int listen_fd);
void relay_deinit(struct relay *relay);

/* What to wait for. Returns the number of entries filled in. */
nfds_t relay_watch(const struct relay *relay, struct pollfd polls[RELAY_POLL_COUNT_MAX]);
/* Move what can be moved without waiting. STATUS_GONE: the guest's side is
 * closed; STATUS_MALFORMED: it broke the protocol (reported). STATUS_NO_MEMORY. */
MUST_USE status relay_step(struct relay *relay);

#endif
