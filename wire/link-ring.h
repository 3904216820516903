/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared memory between an enclave and a source on the same host: one message
 * there, one back (link/ says what is in them). Both sides, and everybody who
 * relays, take what they find here as hostile: sizes are read once and checked,
 * bytes are copied in once and never looked at again.
 *
 * The client writes `request` and its size, then request_sequence + 1; the
 * source writes `reply` and its size, then sets reply_sequence to the number
 * that it answers. The low half of each sequence (little-endian) is a futex
 * word, shared between processes. Whoever is about to sleep sets its `asleep`
 * word first and looks once more; whoever made progress wakes the other where
 * that word isn't 0. All accesses are aligned words of 8 bytes.
 */
#ifndef WIRE_LINK_RING_H
#define WIRE_LINK_RING_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LINK_RING_REQUEST_SIZE = 32 * 1024,
	/* What a read plan touched: 1 MiB, sealed. */
	LINK_RING_REPLY_SIZE = 1024 * 1024 + 4096,
};

struct link_ring {
	/* The client's line. */
	_Alignas(64) uint64_t request_sequence;
	uint64_t request_size;
	uint64_t client_asleep;
	/* The source's line. */
	_Alignas(64) uint64_t reply_sequence;
	uint64_t reply_size;
	uint64_t source_asleep;
	uint64_t source_gone; /* not 0: the source won't answer any more */
	_Alignas(4096) uint8_t request[LINK_RING_REQUEST_SIZE];
	_Alignas(4096) uint8_t reply[LINK_RING_REPLY_SIZE];
};

static_assert(offsetof(struct link_ring, request) == 4096, "the data starts on its own page");
static_assert(sizeof(struct link_ring) == 4096 + LINK_RING_REQUEST_SIZE + LINK_RING_REPLY_SIZE, "no padding");

#endif
