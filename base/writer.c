/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>

#include "base/writer.h"

void writer_init(struct writer *writer, void *data, size_t size)
{
	writer->data = data;
	writer->size = size;
	writer->position = 0;
}

size_t writer_left(const struct writer *writer)
{
	return writer->size - writer->position;
}

/* The next `size` bytes of the storage. */
static status take_room(struct writer *writer, size_t size, uint8_t **ret_room)
{
	if (size > writer_left(writer))
		return STATUS_END;
	*ret_room = writer->data + writer->position;
	writer->position += size;
	return STATUS_OK;
}

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are written as they lie in memory");

/* A number of `size` ≤ 8 bytes. Inlined, so that it is one store: every message is made of these. */
__attribute__((always_inline)) static inline status write_number(struct writer *writer, size_t size, uint64_t value)
{
	uint8_t *to;

	TRY(take_room(writer, size, &to));
	__builtin_memcpy(to, &value, size);
	return STATUS_OK;
}

status writer_u8(struct writer *writer, uint8_t value)
{
	return write_number(writer, sizeof value, value);
}

status writer_u16(struct writer *writer, uint16_t value)
{
	return write_number(writer, sizeof value, value);
}

status writer_u32(struct writer *writer, uint32_t value)
{
	return write_number(writer, sizeof value, value);
}

status writer_u64(struct writer *writer, uint64_t value)
{
	return write_number(writer, sizeof value, value);
}

status writer_bytes(struct writer *writer, const void *data, size_t size)
{
	uint8_t *to;

	TRY(take_room(writer, size, &to));
	/* What is empty may have no address. */
	if (size > 0)
		__builtin_memmove(to, data, size);
	return STATUS_OK;
}

status writer_zeros(struct writer *writer, size_t size)
{
	uint8_t *to;

	TRY(take_room(writer, size, &to));
	__builtin_memset(to, 0, size);
	return STATUS_OK;
}
