/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>

#include "base/reader.h"

void reader_init(struct reader *reader, struct span bytes)
{
	reader->bytes = bytes;
	reader->position = 0;
}

size_t reader_left(const struct reader *reader)
{
	return reader->bytes.size - reader->position;
}

status reader_seek(struct reader *reader, size_t position)
{
	if (position > reader->bytes.size)
		return STATUS_END;
	reader->position = position;
	return STATUS_OK;
}

status reader_skip(struct reader *reader, size_t size)
{
	if (size > reader_left(reader))
		return STATUS_END;
	reader->position += size;
	return STATUS_OK;
}

status reader_align(struct reader *reader, size_t alignment)
{
	return reader_skip(reader, -reader->position & (alignment - 1));
}

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are read as they lie in memory");

/* A number of `size` ≤ 8 bytes. Inlined, so that it is one load: every message is made of these. */
__attribute__((always_inline)) static inline status read_number(struct reader *reader, size_t size, uint64_t *ret_value)
{
	struct span bytes;
	uint64_t value = 0;

	TRY(reader_bytes(reader, size, &bytes));
	__builtin_memcpy(&value, bytes.data, size);
	*ret_value = value;
	return STATUS_OK;
}

status reader_u8(struct reader *reader, uint8_t *ret_value)
{
	uint64_t value;

	TRY(read_number(reader, sizeof *ret_value, &value));
	*ret_value = (uint8_t)value;
	return STATUS_OK;
}

status reader_u16(struct reader *reader, uint16_t *ret_value)
{
	uint64_t value;

	TRY(read_number(reader, sizeof *ret_value, &value));
	*ret_value = (uint16_t)value;
	return STATUS_OK;
}

status reader_u32(struct reader *reader, uint32_t *ret_value)
{
	uint64_t value;

	TRY(read_number(reader, sizeof *ret_value, &value));
	*ret_value = (uint32_t)value;
	return STATUS_OK;
}

status reader_u64(struct reader *reader, uint64_t *ret_value)
{
	return read_number(reader, sizeof *ret_value, ret_value);
}

status reader_bytes(struct reader *reader, size_t size, struct span *ret_bytes)
{
	size_t start = reader->position;

	TRY(reader_skip(reader, size));
	*ret_bytes = (struct span){.data = reader->bytes.data + start, .size = size};
	return STATUS_OK;
}

status reader_copy(struct reader *reader, void *destination, size_t size)
{
	struct span bytes;

	TRY(reader_bytes(reader, size, &bytes));
	/* What is empty may have no address. */
	if (size > 0)
		__builtin_memmove(destination, bytes.data, size);
	return STATUS_OK;
}

status reader_string(struct reader *reader, size_t size_max, const char **ret_string)
{
	size_t limit = reader_left(reader) < size_max ? reader_left(reader) : size_max;
	const uint8_t *start = reader->bytes.data + reader->position;

	for (size_t i = 0; i < limit; i++) {
		if (start[i] != 0)
			continue;
		reader->position += i + 1;
		*ret_string = (const char *)start;
		return STATUS_OK;
	}
	return STATUS_END;
}
