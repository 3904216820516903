/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where clients come from. */
#ifndef AGENT_SERVE_LISTENER_H
#define AGENT_SERVE_LISTENER_H

#include <pthread.h>
#include <stdbool.h>

#include "agent/serve/bucket.h"
#include "agent/serve/log.h"
#include "agent/serve/settings.h"
#include "base/status.h"
#include "wire/link-shared.h"

struct listener {
	enum listener_kind kind;
	const char *place; /* a path, ADDRESS:PORT or PORT, as given; for messages, too */
	int file; /* listening; of a serial port, the port, or −1 where it is a socket to connect to */
	struct link_shared *shared; /* LISTENER_IVSHMEM */
	bool is_lost; /* its memory vanished; atomic */
	uint32_t port; /* TCP and vsock: as bound */
	pthread_mutex_t lock;
	struct bucket handshakes, revocations; /* its lock */
	struct log_limit log_limit; /* for what strangers make us say */
};

/* Listen, or open the port. STATUS_USAGE, STATUS_IO, STATUS_DENIED: reported. */
MUST_USE status listener_init(struct listener *listener, enum listener_kind kind, const char *place,
			      const struct serve_settings *settings);
void listener_deinit(struct listener *listener);

/* One more handshake's public-key work? */
bool listener_take_handshake(struct listener *listener);
/* The same for a revocation. They have a reserve of their own: who floods us with handshakes doesn't keep the owner
 * from taking a grant back. */
bool listener_take_revocation(struct listener *listener);

/* One that has no connections, and is served for good: a serial port, shared memory. */
bool listener_is_port(const struct listener *listener);

/* The next client; −1: none. Sockets only. */
int listener_accept(const struct listener *listener);
/* A serial port's stream: its own file, or a connection to the socket that stands for the port (a
 * QEMU's chardev). −1: nobody is there now. The caller closes it. */
int listener_open_port(const struct listener *listener);
/* Why a port couldn't be opened, into the log. Nobody there is the ordinary case: the VM doesn't run. Other reasons are
 * told, each time that they change; errno, 0: it could. */
void listener_tell_trouble(int error, int *told_error);

#endif
