/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/ask/message.h"

enum {
	HEAD_SIZE = 16, /* struct nlmsghdr: u32 length, u16 type, u16 flags, u32 sequence, u32 port */
	ATTRIBUTE_HEAD_SIZE = 4, /* struct nlattr: u16 length, u16 type */
	ALIGNMENT = 4, /* NLMSG_ALIGNTO, NLA_ALIGNTO */
	FLAG_MULTI = 2, /* NLM_F_MULTI */
};

/* `size` zero bytes at the end, up to the next boundary; where they are. */
static u32 take(struct ask_message *message, u32 size)
{
	u32 at = message->size, whole = (size + ALIGNMENT - 1) & ~(u32)(ALIGNMENT - 1);

	if (whole < size || whole > ASK_MESSAGE_SIZE_MAX - at)
		guest_fail(STATUS_LIMIT, "an answer's message is longer than any kernel's");
	memset(message->bytes + at, 0, whole);
	message->size = at + whole;
	return at;
}

static void write_u16(struct ask_message *message, u32 at, u16 value)
{
	memcpy(message->bytes + at, &value, sizeof value);
}

static void write_u32(struct ask_message *message, u32 at, u32 value)
{
	memcpy(message->bytes + at, &value, sizeof value);
}

void message_begin(struct ask_message *message, struct seq *seq, u16 type)
{
	struct ask_request request;

	ask_request_copy(&request);
	message->seq = seq;
	message->size = 0;
	take(message, HEAD_SIZE);
	write_u16(message, 4, type);
	write_u16(message, 6, FLAG_MULTI);
	write_u32(message, 8, request.sequence);
	write_u32(message, 12, request.port);
}

void message_fixed(struct ask_message *message, const void *bytes, u32 size)
{
	u32 at = take(message, size);

	memcpy(message->bytes + at, bytes, size);
}

void message_put(struct ask_message *message, u16 type, const void *bytes, u32 size)
{
	if (size > ASK_MESSAGE_SIZE_MAX)
		guest_fail(STATUS_LIMIT, "an answer's attribute is longer than any kernel's");
	u32 at = take(message, ATTRIBUTE_HEAD_SIZE + size);
	write_u16(message, at, (u16)(ATTRIBUTE_HEAD_SIZE + size));
	write_u16(message, at + 2, type);
	memcpy(message->bytes + at + ATTRIBUTE_HEAD_SIZE, bytes, size);
}

void message_put_u8(struct ask_message *message, u16 type, u8 value)
{
	message_put(message, type, &value, sizeof value);
}

void message_put_u16(struct ask_message *message, u16 type, u16 value)
{
	message_put(message, type, &value, sizeof value);
}

void message_put_u32(struct ask_message *message, u16 type, u32 value)
{
	message_put(message, type, &value, sizeof value);
}

void message_put_string(struct ask_message *message, u16 type, const char *string)
{
	message_put(message, type, string, (u32)strlen(string) + 1);
}

u32 message_nest(struct ask_message *message, u16 type)
{
	u32 at = take(message, ATTRIBUTE_HEAD_SIZE);

	write_u16(message, at + 2, type);
	return at;
}

void message_nest_end(struct ask_message *message, u32 start)
{
	write_u16(message, start, (u16)(message->size - start));
}

void message_end(struct ask_message *message)
{
	write_u32(message, 0, message->size);
	seq_write(message->seq, message->bytes, message->size);
}
