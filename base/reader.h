/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one cursor through which hostile bytes are parsed.
 *
 * A reader never moves outside its bytes. A short read returns STATUS_END and
 * leaves both the cursor and the out-parameter untouched. Numbers are
 * little-endian, as on x86-64; no alignment is assumed.
 */
#ifndef BASE_READER_H
#define BASE_READER_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Bytes owned by somebody else. */
struct span {
	const uint8_t *data;
	size_t size;
};

struct reader {
	struct span bytes;
	size_t position; /* ≤ bytes.size, always */
};

/* Read `bytes` from their start; they must outlive the reader. */
void reader_init(struct reader *reader, struct span bytes);

/* Bytes not yet read. */
size_t reader_left(const struct reader *reader);

/* Go to an absolute position ≤ size; STATUS_END otherwise. */
MUST_USE status reader_seek(struct reader *reader, size_t position);
/* Go forward by `size` bytes; STATUS_END if fewer are left. */
MUST_USE status reader_skip(struct reader *reader, size_t size);
/* Skip to the next multiple of `alignment` (a power of two) of the position. */
MUST_USE status reader_align(struct reader *reader, size_t alignment);

MUST_USE status reader_u8(struct reader *reader, uint8_t *ret_value);
MUST_USE status reader_u16(struct reader *reader, uint16_t *ret_value);
MUST_USE status reader_u32(struct reader *reader, uint32_t *ret_value);
MUST_USE status reader_u64(struct reader *reader, uint64_t *ret_value);

/* The next `size` bytes, in place. */
MUST_USE status reader_bytes(struct reader *reader, size_t size, struct span *ret_bytes);
/* The next `size` bytes, copied. */
MUST_USE status reader_copy(struct reader *reader, void *destination, size_t size);
/* A NUL-terminated string of at most `size_max` bytes with its NUL, in place;
 * STATUS_END if no NUL comes within both limits. */
MUST_USE status reader_string(struct reader *reader, size_t size_max, const char **ret_string);

#endif
