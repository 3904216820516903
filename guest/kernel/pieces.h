/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes that are too many to keep: a kernel's BTF, a profile's file. They stay
 * where they are; pieces of them are fetched when they are asked for, and given
 * up when others are. What is fetched again must be what was there the first
 * time, or all that was checked then would be worth nothing: the hash of each
 * piece is kept, under a key that is drawn for it and that nobody else knows.
 */
#ifndef GUEST_KERNEL_PIECES_H
#define GUEST_KERNEL_PIECES_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
	PIECE_SIZE = 4096,
	/* So many are fetched at once where they are read one after the other. */
	PIECE_RUN = 16,
	/* Room for fewer would be empty again before it was used. */
	PIECE_ROOM_MIN = 2 * PIECE_RUN,
	/* 256 MiB. */
	PIECE_COUNT_MAX = (1 << 16) - 1,
};

/* Copy bytes [offset, offset + size) from where they are. Faults are reported
 * by it; UNMAPPED isn't. */
typedef status (*pieces_read)(void *context, uint64_t offset, void *destination, size_t size);

struct pieces_source {
	pieces_read read;
	void *context; /* outlives the pieces */
	const char *what; /* for messages: "the kernel's BTF" */
	/* Where the first byte lies, in whatever is cheapest to fetch by
	 * PIECE_SIZE; only its place in a piece counts. */
	uint64_t start;
	uint64_t size;
};

struct pieces;

/* `room_count` pieces are kept at a time; the room for them is taken with the
 * first. STATUS_NO_MEMORY, STATUS_LIMIT, reported. */
MUST_USE status pieces_create(const struct pieces_source *source, uint32_t room_count, struct pieces **ret_pieces);
/* Bytes that are kept: takes over `data` (malloc), also when it fails. */
MUST_USE status pieces_create_kept(uint8_t *data, size_t size, struct pieces **ret_pieces);
/* Bytes of somebody else, which outlive the pieces. */
MUST_USE status pieces_create_borrowed(const uint8_t *data, size_t size, struct pieces **ret_pieces);
/* Bytes [offset, offset + size) of others, which outlive them. STATUS_MALFORMED,
 * not reported: they don't lie inside. */
MUST_USE status pieces_create_part(struct pieces *whole, uint64_t offset, uint64_t size, struct pieces **ret_pieces);
void pieces_destroy(struct pieces *pieces);

uint64_t pieces_size(const struct pieces *pieces);

/* Give back the room; what is asked for next is fetched again. */
void pieces_drop(struct pieces *pieces);

/* `size` bytes at `offset`, which must lie inside: in place where that is
 * possible, else in `buffer`. Valid until the next call for these pieces
 * (or others of the same whole).
 * STATUS_TORN: they changed, or can't be read any more (reported);
 * STATUS_NO_MEMORY; STATUS_GONE and STATUS_IO of the source. */
MUST_USE status pieces_get(struct pieces *pieces, uint64_t offset, size_t size, void *buffer,
			   const uint8_t **ret_bytes);
/* The same, copied. */
MUST_USE status pieces_copy(struct pieces *pieces, uint64_t offset, void *destination, size_t size);

#endif
