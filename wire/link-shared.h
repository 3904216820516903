/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ring (wire/link-ring.h) in memory that two machines share: a file beside the
 * agent, and in the VM of an enclave the BAR 2 of QEMU's ivshmem-plain. There is no
 * connection and no waking: both ends look, and a number says which conversation
 * it is.
 *
 *   client: draws a number that isn't 0, and writes it to `connect`
 *   agent:  clears the ring, writes `hello`, then the same number to `answered`
 *   both:   requests and replies, as in any ring; the `asleep` words stay 0
 *   client: another number (somebody begins anew), or 0 (it goes)
 *   agent:  counts `alive` on at least once a second as long as it is there
 *
 * Neither believes the other; and whoever can write to the file can stop both.
 */
#ifndef WIRE_LINK_SHARED_H
#define WIRE_LINK_SHARED_H

#include <assert.h>
#include <stdint.h>

#include "wire/agent.h"
#include "wire/link-ring.h"

#define LINK_SHARED_MAGIC UINT64_C(0x3152485354524142) /* "BARTSHR1", little-endian */

enum {
	/* A BAR's size is a power of two. */
	LINK_SHARED_SIZE = 2 * 1024 * 1024,
	/* `alive` stood still for so long: the agent is gone. */
	LINK_SHARED_SILENT_MS = 3000,
};

struct link_shared {
	/* The client's line. */
	_Alignas(64) uint64_t connect;
	/* The agent's. */
	_Alignas(64) uint64_t magic;
	uint64_t alive;
	uint64_t answered;
	struct agent_hello hello;
	_Alignas(4096) struct link_ring ring;
};

static_assert(sizeof(struct link_shared) <= LINK_SHARED_SIZE, "it fits the device");

#endif
