/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's way to a source (bartizan-agent) for an enclave: it owns the ring
 * that the enclave uses, and on the same host that ring is the agent's own shared
 * memory; elsewhere what is put into it is carried over a connection and back.
 * The host can't read what passes, and neither end believes it.
 */
#ifndef HOST_SERVE_AGENT_CLIENT_H
#define HOST_SERVE_AGENT_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/agent.h"
#include "wire/link-ring.h"

struct agent_client;

/* Connect and get the agent's hello. `address` is one of
 *   unix:PATH         an agent on this host; its ring is shared memory
 *   stream:PATH       a Unix socket that can't pass memory (forwarded by ssh)
 *   tcp:HOST:PORT     vsock:CID:PORT
 *   serial:PATH,PATH  /dev/virtio-ports/NAME, or another port; the first that nobody uses
 *   ivshmem:[PCI]     memory shared with an agent outside this VM (wire/link-shared.h)
 *   smm:              this machine's firmware (smi.h)
 * and a PATH alone (with a "/" in it) is unix:PATH.
 * All reported: STATUS_USAGE: no such form; STATUS_MISSING: nothing listens there;
 * STATUS_DENIED: permissions, or the agent refused, with its words; STATUS_GONE: no
 * hello came; STATUS_MALFORMED: what answers is no agent; STATUS_IO, STATUS_NO_MEMORY. */
MUST_USE status agent_client_create(const char *address, struct agent_client **ret_client);
void agent_client_destroy(struct agent_client *client);

/* What the agent said of itself: its key, and the nonce of its start. A claim. */
const struct agent_hello *agent_client_hello(const struct agent_client *client);

/* The ring, page-aligned, outside any enclave; valid as long as the client. */
struct link_ring *agent_client_ring(struct agent_client *client);

/* CALL_LINK_WAIT: see to it that the agent gets request number `sequence`, and wait
 * up to a second for its reply. One thread at a time. STATUS_OK: look at the ring;
 * STATUS_TORN: nothing yet, ask again; STATUS_GONE: the agent has ended or hung up
 * (source_gone is set, too). Nothing is reported: the enclave says it. */
MUST_USE status agent_client_wait(struct agent_client *client, uint64_t sequence);

/* Has the agent ended or hung up? */
bool agent_client_is_gone(struct agent_client *client);

#endif
