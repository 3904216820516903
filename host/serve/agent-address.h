/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where an agent or a grantor listens, in words and as a connection. */
#ifndef HOST_SERVE_AGENT_ADDRESS_H
#define HOST_SERVE_AGENT_ADDRESS_H

#include <stdbool.h>

#include "base/status.h"

enum { AGENT_ADDRESS_SIZE = 256 };

enum agent_address_kind {
	AGENT_ADDRESS_UNIX,
	AGENT_ADDRESS_TCP,
	AGENT_ADDRESS_VSOCK,
	AGENT_ADDRESS_SERIAL,
	AGENT_ADDRESS_IVSHMEM,
	AGENT_ADDRESS_SMM, /* this machine's firmware: nothing to connect to (smi.h) */
};

struct agent_address {
	const char *role; /* "agent", "grantor": for messages */
	char text[AGENT_ADDRESS_SIZE]; /* as given, for messages */
	enum agent_address_kind kind;
	bool can_share; /* descriptors can be passed: a Unix socket, unless it is "stream:" */
	bool is_serial;
	char place[AGENT_ADDRESS_SIZE]; /* path, host or CID */
	char port[32];
};

/* "unix:PATH", "stream:PATH", "tcp:HOST:PORT" (HOST may be [v6]), "vsock:CID:PORT",
 * "serial:PATH,PATH" (one or more ports: the first that nobody uses), "ivshmem:" (the only such device, a PCI
 * address, or the PATH of a file; agents only), "smm:" (agents only), or a PATH. `role` is "agent" or "grantor".
 * STATUS_USAGE, reported: none of these. */
MUST_USE status agent_address_parse(const char *text, const char *role, struct agent_address *ret_address);

/* Connect, or open the port (raw, and ours alone) or the shared memory (ours alone); the caller
 * closes it. Of AGENT_ADDRESS_SMM -1.
 * STATUS_MISSING, STATUS_DENIED, STATUS_IO: reported. */
MUST_USE status agent_address_connect(const struct agent_address *address, int *ret_file);

#endif
