/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages to and from a peer (wire/peer.h) by way of the host, who may do anything with
 * them. All that comes is as hostile as the host; conversation.h decides what of it is true.
 */
#ifndef ENCLAVE_SPAWN_PEER_H
#define ENCLAVE_SPAWN_PEER_H

#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "wire/peer.h"

/* Have the host start the port `name` (shorter than PEER_NAME_SIZE_MAX). STATUS_DENIED, reported: it
 * didn't; STATUS_MALFORMED, reported: its answer can't be one. */
MUST_USE status peer_start(const char *name, unsigned *ret_peer);
/* It isn't needed any more. */
void peer_end(unsigned peer);

/* Bits of peers. */
struct peer_set {
	uint32_t reading, writing;
};

/* Wait about a second until one of `wanted` can be read from or written to. `ret_ready` is a part of `wanted`,
 * and may be empty. STATUS_MALFORMED, reported. */
MUST_USE status peer_wait(struct peer_set wanted, struct peer_set *ret_ready);

/* Send a message of 1 to PEER_MESSAGE_SIZE_MAX bytes, whole or not at all. STATUS_TORN: not now; STATUS_GONE: the peer
 * has ended, says the host; STATUS_MALFORMED, reported. */
MUST_USE status peer_send(unsigned peer, struct span message);
/* Take the next message. STATUS_TORN: none yet; STATUS_GONE: the peer has ended, says the host, and none
 * is left; STATUS_MALFORMED, reported. */
MUST_USE status peer_receive(unsigned peer, uint8_t *ret_message, size_t capacity, size_t *ret_size);

#endif
