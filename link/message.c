/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/report.h"
#include "base/writer.h"
#include "link/message.h"

void link_head_write(const struct link_head *head, uint8_t destination[static LINK_HEAD_SIZE])
{
	struct writer writer;

	writer_init(&writer, destination, LINK_HEAD_SIZE);
	/* 2 + 2 + 4 + 8 bytes: they fit. */
	(void)(writer_u16(&writer, head->type) == STATUS_OK && writer_u16(&writer, LINK_VERSION) == STATUS_OK &&
	       writer_u32(&writer, head->size) == STATUS_OK && writer_u64(&writer, head->counter) == STATUS_OK);
}

static status parse_head(struct reader *reader, uint16_t *ret_version, struct link_head *ret_head)
{
	TRY(reader_u16(reader, &ret_head->type));
	TRY(reader_u16(reader, ret_version));
	TRY(reader_u32(reader, &ret_head->size));
	return reader_u64(reader, &ret_head->counter);
}

status link_message_parse(struct span message, struct link_head *ret_head, struct span *ret_body)
{
	struct link_head head;
	struct reader reader;
	uint16_t version;

	reader_init(&reader, message);
	if (parse_head(&reader, &version, &head) != STATUS_OK)
		return report(STATUS_MALFORMED, "a message of the link of %zu bytes: its head alone has %d",
			      message.size, LINK_HEAD_SIZE);
	if (version != LINK_VERSION)
		return report(
			STATUS_MALFORMED,
			"a message of the link's version %u; this is version %d: use the same release at both ends",
			version, LINK_VERSION);
	if (head.type < LINK_MESSAGE_FIRST || head.type > LINK_MESSAGE_ERROR)
		return report(STATUS_MALFORMED, "a message of the unknown type %u", head.type);
	if (head.size != reader_left(&reader))
		return report(STATUS_MALFORMED, "a message that says it has %u bytes and has %zu", head.size,
			      reader_left(&reader));
	if (head.counter != 0 && head.type != LINK_MESSAGE_RECORD && head.type != LINK_MESSAGE_CLOSE)
		return report(STATUS_MALFORMED, "a message of type %u with a counter", head.type);
	*ret_head = head;
	*ret_body = (struct span){.data = message.data + LINK_HEAD_SIZE, .size = head.size};
	return STATUS_OK;
}

/* strnlen(): there is no C library here. */
static size_t text_size(const char *text, size_t size_max)
{
	size_t size = 0;

	while (size < size_max && text[size] != 0)
		size++;
	return size;
}

size_t link_error_write(const char *text, uint8_t destination[static LINK_ERROR_SIZE_MAX])
{
	size_t size = text_size(text, LINK_ERROR_TEXT_SIZE - 1);

	link_head_write(&(struct link_head){.type = LINK_MESSAGE_ERROR, .size = (uint32_t)size}, destination);
	memcpy(destination + LINK_HEAD_SIZE, text, size);
	return LINK_HEAD_SIZE + size;
}

void link_error_text(struct span body, char ret_text[static LINK_ERROR_TEXT_SIZE])
{
	size_t size = body.size < LINK_ERROR_TEXT_SIZE - 1 ? body.size : LINK_ERROR_TEXT_SIZE - 1;

	for (size_t i = 0; i < size; i++)
		ret_text[i] = body.data[i] >= ' ' && body.data[i] <= '~' ? (char)body.data[i] : '?';
	ret_text[size] = 0;
	if (size == 0)
		memcpy(ret_text, "no reason given", sizeof "no reason given");
}

bool link_target_is_valid(const char target[static START_TARGET_SIZE])
{
	size_t size = text_size(target, START_TARGET_SIZE);

	if (size == 0 || size == START_TARGET_SIZE || target[0] == ' ' || target[size - 1] == ' ')
		return false;
	for (size_t i = 0; i < size; i++) {
		if (target[i] < ' ' || target[i] > '~')
			return false;
	}
	for (size_t i = size; i < START_TARGET_SIZE; i++) {
		if (target[i] != 0)
			return false;
	}
	return true;
}
