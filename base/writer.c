/* SPDX-License-Identifier: GPL-2.0-or-later */
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

/* Little-endian number of `size` ≤ 8 bytes. */
static status write_number(struct writer *writer, size_t size, uint64_t value)
{
	if (size > writer_left(writer))
		return STATUS_END;
	for (size_t i = 0; i < size; i++)
		writer->data[writer->position++] = (uint8_t)(value >> (8 * i));
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
	const uint8_t *from = data;

	if (size > writer_left(writer))
		return STATUS_END;
	for (size_t i = 0; i < size; i++)
		writer->data[writer->position++] = from[i];
	return STATUS_OK;
}

status writer_zeros(struct writer *writer, size_t size)
{
	if (size > writer_left(writer))
		return STATUS_END;
	for (size_t i = 0; i < size; i++)
		writer->data[writer->position++] = 0;
	return STATUS_OK;
}
