// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/pieces.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/report.h"
#include "base/siphash.h"

/* What is known of a piece. */
struct piece {
	uint64_t hash;
	uint16_t slot; /* in the room; NO_SLOT: not there */
	bool seen; /* its hash is known */
};

enum { NO_SLOT = UINT16_MAX };

struct pieces {
	const uint8_t *data; /* of bytes that are kept; else NULL */
	uint8_t *owned;
	struct pieces *whole; /* of a part; else NULL */
	uint64_t part_at; /* in the whole */
	struct pieces_source source;
	uint64_t key[2];
	uint32_t skew; /* of the first byte in its piece */
	uint32_t piece_count;
	uint32_t room_count;
	uint32_t hand; /* the next slot to fill, in a circle */
	uint32_t next; /* the piece after the last one that was fetched */
	struct piece *piece;
	uint32_t *held; /* by each slot: a piece, or piece_count */
	uint8_t (*room)[PIECE_SIZE]; /* NULL: dropped */
};

static status report_no_memory(const char *what)
{
	return report(STATUS_NO_MEMORY, "no memory for pieces of %s: raise `heap` in the image's manifest", what);
}

static status tables_init(struct pieces *pieces)
{
	uint64_t count = (pieces->skew + pieces->source.size + PIECE_SIZE - 1) / PIECE_SIZE;

	if (count > PIECE_COUNT_MAX)
		return report(STATUS_LIMIT, "%llu bytes of %s: more than are read",
			      (unsigned long long)pieces->source.size, pieces->source.what);
	pieces->piece_count = (uint32_t)count;
	pieces->piece = calloc(count + 1, sizeof *pieces->piece);
	pieces->held = calloc(pieces->room_count, sizeof *pieces->held);
	if (pieces->piece == NULL || pieces->held == NULL)
		return report_no_memory(pieces->source.what);
	for (uint32_t i = 0; i < pieces->piece_count; i++)
		pieces->piece[i].slot = NO_SLOT;
	for (uint32_t i = 0; i < pieces->room_count; i++)
		pieces->held[i] = pieces->piece_count;
	if (getentropy(pieces->key, sizeof pieces->key) != 0)
		return report(STATUS_IO, "no random numbers");
	return STATUS_OK;
}

status pieces_create(const struct pieces_source *source, uint32_t room_count, struct pieces **ret_pieces)
{
	struct pieces *pieces = calloc(1, sizeof *pieces);

	if (pieces == NULL)
		return report_no_memory(source->what);
	pieces->source = *source;
	pieces->skew = source->start % PIECE_SIZE;
	pieces->room_count = room_count < PIECE_ROOM_MIN ? PIECE_ROOM_MIN : room_count;
	status made = tables_init(pieces);
	if (made != STATUS_OK) {
		pieces_destroy(pieces);
		return made;
	}
	*ret_pieces = pieces;
	return STATUS_OK;
}

status pieces_create_borrowed(const uint8_t *data, size_t size, struct pieces **ret_pieces)
{
	struct pieces *pieces = calloc(1, sizeof *pieces);

	if (pieces == NULL)
		return report(STATUS_NO_MEMORY, "no memory for %zu bytes", size);
	pieces->data = data;
	pieces->source.size = size;
	*ret_pieces = pieces;
	return STATUS_OK;
}

status pieces_create_kept(uint8_t *data, size_t size, struct pieces **ret_pieces)
{
	status made = pieces_create_borrowed(data, size, ret_pieces);

	if (made == STATUS_OK)
		(*ret_pieces)->owned = data;
	else
		free(data);
	return made;
}

status pieces_create_part(struct pieces *whole, uint64_t offset, uint64_t size, struct pieces **ret_pieces)
{
	if (!checked_within(offset, size, pieces_size(whole)))
		return STATUS_MALFORMED;
	TRY(pieces_create_borrowed(NULL, size, ret_pieces));
	(*ret_pieces)->whole = whole;
	(*ret_pieces)->part_at = offset;
	return STATUS_OK;
}

void pieces_destroy(struct pieces *pieces)
{
	if (pieces == NULL)
		return;
	free(pieces->owned);
	free(pieces->piece);
	free(pieces->held);
	free(pieces->room);
	free(pieces);
}

uint64_t pieces_size(const struct pieces *pieces)
{
	return pieces->source.size;
}

void pieces_drop(struct pieces *pieces)
{
	if (pieces->whole != NULL)
		pieces_drop(pieces->whole); /* which is no part itself */
	if (pieces->room == NULL)
		return;
	free(pieces->room);
	pieces->room = NULL;
	for (uint32_t i = 0; i < pieces->room_count; i++) {
		if (pieces->held[i] != pieces->piece_count)
			pieces->piece[pieces->held[i]].slot = NO_SLOT;
		pieces->held[i] = pieces->piece_count;
	}
}

/* Are pieces read one after the other? At first, when all of them are checked,
 * two parts may take turns (types, and their names). */
static bool is_in_order(const struct pieces *pieces, uint32_t index)
{
	return index == pieces->next ||
	       (index > 0 && !pieces->piece[index].seen && pieces->piece[index - 1].slot != NO_SLOT);
}

/* How many pieces to fetch from `index` on. */
static uint32_t run_from(const struct pieces *pieces, uint32_t index)
{
	uint32_t count = 1;

	if (!is_in_order(pieces, index))
		return 1;
	while (count < PIECE_RUN && index + count < pieces->piece_count && pieces->piece[index + count].slot == NO_SLOT)
		count++;
	return count;
}

static void empty_slots(struct pieces *pieces, uint32_t slot, uint32_t count)
{
	for (; count > 0; slot++, count--) {
		if (pieces->held[slot] != pieces->piece_count)
			pieces->piece[pieces->held[slot]].slot = NO_SLOT;
		pieces->held[slot] = pieces->piece_count;
	}
}

/* The bytes [*ret_start, *ret_end) of the whole that piece `index` holds. */
static void bounds_of(const struct pieces *pieces, uint32_t index, uint64_t *ret_start, uint64_t *ret_end)
{
	uint64_t start = (uint64_t)index * PIECE_SIZE, end = start + PIECE_SIZE - pieces->skew;

	*ret_start = index == 0 ? 0 : start - pieces->skew;
	*ret_end = end < pieces->source.size ? end : pieces->source.size;
}

/* The first time its hash is noted, from then on it must stay. */
static status check_piece(struct pieces *pieces, uint32_t index, uint32_t slot)
{
	struct piece *piece = &pieces->piece[index];
	uint64_t start, end;

	bounds_of(pieces, index, &start, &end);
	uint64_t hash = siphash(pieces->room[slot] + (start + pieces->skew) % PIECE_SIZE, end - start, pieces->key[0],
				pieces->key[1]);
	if (piece->seen && piece->hash != hash)
		return report(STATUS_TORN, "%s changed after it was checked: bytes %llu to %llu differ",
			      pieces->source.what, (unsigned long long)start, (unsigned long long)end);
	piece->seen = true;
	piece->hash = hash;
	piece->slot = (uint16_t)slot;
	pieces->held[slot] = index;
	return STATUS_OK;
}

static status fetch(struct pieces *pieces, uint32_t index)
{
	uint32_t count = run_from(pieces, index), slot = pieces->hand;
	uint64_t start, end, ignored;

	if (pieces->room == NULL)
		pieces->room = calloc(pieces->room_count, PIECE_SIZE);
	if (pieces->room == NULL)
		return report_no_memory(pieces->source.what);
	if (pieces->room_count - slot < count)
		slot = 0;
	empty_slots(pieces, slot, count);
	bounds_of(pieces, index, &start, &ignored);
	bounds_of(pieces, index + count - 1, &ignored, &end);
	status read = pieces->source.read(pieces->source.context, start,
					  pieces->room[slot] + (start + pieces->skew) % PIECE_SIZE, end - start);
	if (read == STATUS_UNMAPPED || read == STATUS_MALFORMED)
		return report(STATUS_TORN, "%s can't be read: bytes %llu to %llu are missing", pieces->source.what,
			      (unsigned long long)start, (unsigned long long)end);
	TRY(read);
	for (uint32_t i = 0; i < count; i++)
		TRY(check_piece(pieces, index + i, slot + i));
	pieces->hand = slot + count < pieces->room_count ? slot + count : 0;
	pieces->next = index + count;
	return STATUS_OK;
}

/* What there is in one piece at `offset`, at most `size` bytes. */
static status span_at(struct pieces *pieces, uint64_t offset, size_t size, const uint8_t **ret_bytes, size_t *ret_size)
{
	uint64_t at = offset + pieces->skew;
	uint32_t index = (uint32_t)(at / PIECE_SIZE);
	size_t left = PIECE_SIZE - at % PIECE_SIZE;

	if (pieces->piece[index].slot == NO_SLOT)
		TRY(fetch(pieces, index));
	*ret_bytes = pieces->room[pieces->piece[index].slot] + at % PIECE_SIZE;
	*ret_size = left < size ? left : size;
	return STATUS_OK;
}

status pieces_copy(struct pieces *pieces, uint64_t offset, void *destination, size_t size)
{
	uint8_t *to = destination;
	const uint8_t *bytes;
	size_t part;

	if (!checked_within(offset, size, pieces->source.size))
		return report(STATUS_INTERNAL, "bytes %llu to %llu of %llu", (unsigned long long)offset,
			      (unsigned long long)(offset + size), (unsigned long long)pieces->source.size);
	if (pieces->whole != NULL)
		return pieces_copy(pieces->whole, pieces->part_at + offset, destination, size);
	if (pieces->data != NULL || size == 0) {
		if (size != 0)
			memcpy(to, pieces->data + offset, size);
		return STATUS_OK;
	}
	for (; size > 0; offset += part, to += part, size -= part) {
		TRY(span_at(pieces, offset, size, &bytes, &part));
		memcpy(to, bytes, part);
	}
	return STATUS_OK;
}

status pieces_get(struct pieces *pieces, uint64_t offset, size_t size, void *buffer, const uint8_t **ret_bytes)
{
	bool inside = checked_within(offset, size, pieces->source.size);
	size_t part;

	if (pieces->whole != NULL && inside)
		return pieces_get(pieces->whole, pieces->part_at + offset, size, buffer, ret_bytes);
	if (pieces->data != NULL && inside) {
		*ret_bytes = pieces->data + offset;
		return STATUS_OK;
	}
	if (inside && size != 0 && (offset + pieces->skew) % PIECE_SIZE + size <= PIECE_SIZE)
		return span_at(pieces, offset, size, ret_bytes, &part);
	TRY(pieces_copy(pieces, offset, buffer, size));
	*ret_bytes = buffer;
	return STATUS_OK;
}
