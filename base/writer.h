/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader's counterpart: bytes are laid down in order into storage of a fixed
 * size. A writer never writes outside it: what doesn't fit returns STATUS_END and
 * leaves both the storage and the cursor untouched. Numbers are little-endian.
 */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct writer {
	uint8_t *data;
	size_t size; /* of the storage */
	size_t position; /* ≤ size, always: what was written */
};

/* Write `size` bytes at `data` at most; they must outlive the writer. */
void writer_init(struct writer *writer, void *data, size_t size);

/* Bytes that still fit. */
size_t writer_left(const struct writer *writer);

MUST_USE status writer_u8(struct writer *writer, uint8_t value);
MUST_USE status writer_u16(struct writer *writer, uint16_t value);
MUST_USE status writer_u32(struct writer *writer, uint32_t value);
MUST_USE status writer_u64(struct writer *writer, uint64_t value);
MUST_USE status writer_bytes(struct writer *writer, const void *data, size_t size);
MUST_USE status writer_zeros(struct writer *writer, size_t size);

#endif
