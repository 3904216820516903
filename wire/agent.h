/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a host's process reaches a source (bartizan-agent): before and beneath the
 * link, in clear, and believed by nobody. Unix socket, TCP, vsock and serial
 * ports carry the same frames: a head, then `size` bytes.
 *
 *   client → agent   AGENT_CONNECT   struct agent_connect
 *   agent → client   AGENT_HELLO     struct agent_hello; on a Unix socket, where
 *                                    AGENT_WITH_RING was asked for, with the
 *                                    descriptor of a sealed memfd that holds a
 *                                    struct link_ring (SCM_RIGHTS)
 *                    or AGENT_REFUSED  a sentence in UTF-8, without NUL
 *   then, with a ring: everything goes through it, and the connection only says
 *   by its end that one of them is gone.
 *   Without: AGENT_MESSAGE client → agent, one AGENT_MESSAGE agent → client, and so on.
 *
 * A serial port has no connections: AGENT_CONNECT begins anew there, whatever came
 * before; whoever waits for a frame's head skips bytes until a magic number.
 */
#ifndef WIRE_AGENT_H
#define WIRE_AGENT_H

#include <assert.h>
#include <stdint.h>

#include "wire/start.h"

#define AGENT_FRAME_MAGIC UINT32_C(0x314c5a42) /* "BZL1", little-endian */

enum agent_frame_type {
	AGENT_CONNECT = 1,
	AGENT_HELLO = 2,
	AGENT_REFUSED = 3,
	AGENT_MESSAGE = 4, /* one message of the link */
	/* Instead of AGENT_CONNECT, on a Unix socket, by root or the agent's own user:
	 * AGENT_ASK_STATUS, empty → AGENT_STATUS, a JSON object. */
	AGENT_ASK_STATUS = 5,
	AGENT_STATUS = 6,
	/* Instead of AGENT_CONNECT, by anybody, over any socket: AGENT_REVOKE, a revocation that the owner has
	 * signed (link/revocation.h) → AGENT_REVOKED, empty: from now on the grant is worth nothing here;
	 * or AGENT_REFUSED. Where an X25519 key follows the revocation, AGENT_REVOKED has a proof that it is the
	 * source which says so (32 bytes). */
	AGENT_REVOKE = 7,
	AGENT_REVOKED = 8,
};

struct agent_frame {
	uint32_t magic;
	uint16_t type;
	uint16_t reserved;
	uint32_t size; /* of what follows; at most LINK_RING_REPLY_SIZE */
	uint32_t sequence; /* AGENT_MESSAGE: a reply carries its request's */
};

enum { AGENT_WITH_RING = 1 << 0 };

struct agent_connect {
	uint32_t version; /* 1 */
	uint32_t flags;
};

struct agent_hello {
	uint32_t version;
	uint32_t flags; /* AGENT_WITH_RING: a ring comes with it */
	uint8_t source_key[START_KEY_SIZE];
	uint8_t source_nonce[START_NONCE_SIZE];
};

static_assert(sizeof(struct agent_frame) == 16, "no padding");
static_assert(sizeof(struct agent_hello) == 72, "no padding");

#endif
