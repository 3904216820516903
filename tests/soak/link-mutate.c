/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a man in the middle does to one message. */
#include <string.h>

#include "link-world.h"

static struct message before;

static void put(struct message *message, size_t offset, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size && offset + i < message->size; i++)
		message->data[offset + i] = (uint8_t)(value >> 8 * i);
}

/* Head, body and tag are hit equally often. */
static size_t somewhere(const struct message *message)
{
	switch (below(3)) {
	case 0: return below(message->size < LINK_HEAD_SIZE ? message->size : LINK_HEAD_SIZE);
	case 1: return message->size - 1 - below(message->size < LINK_TAG_SIZE ? message->size : LINK_TAG_SIZE);
	default: return below(message->size);
	}
}

static void flip_bit(struct message *message)
{
	message->data[somewhere(message)] ^= (uint8_t)(1 << below(8));
}

static void change_size(struct message *message, size_t size)
{
	if (size > sizeof message->data)
		size = sizeof message->data;
	if (size > message->size)
		random_fill(message->data + message->size, size - message->size);
	message->size = size;
	/* Half of them say so. */
	if (below(2) && size >= LINK_HEAD_SIZE)
		put(message, 4, size - LINK_HEAD_SIZE, 4);
}

/* One that was heard in that direction: of this session, or of the one beside it. */
static const struct message *older(bool back, const struct heard *heard)
{
	if (heard->count[back] > 0)
		return &heard->message[back][below(heard->count[back])];
	return &world_bystander()->message[back][below(HEARD_MAX)];
}

static void splice(struct message *message, const struct message *other)
{
	size_t from = below(message->size), end = other->size < message->size ? other->size : message->size;

	if (from < end)
		memcpy(message->data + from, other->data + from, end - from);
}

static void forge_close(struct message *message)
{
	uint8_t counter[8];

	memcpy(counter, message->data + 8, sizeof counter);
	message->size = LINK_HEAD_SIZE + LINK_TAG_SIZE;
	random_fill(message->data, message->size);
	link_head_write(&(struct link_head){.type = LINK_MESSAGE_CLOSE, .size = LINK_TAG_SIZE}, message->data);
	memcpy(message->data + 8, counter, sizeof counter);
}

static uint64_t near(uint64_t value)
{
	static const uint64_t steps[] = {1, 2, 16, 256, 4096, 65536, UINT64_C(1) << 32, UINT64_C(1) << 63};

	switch (below(3)) {
	case 0: return value + steps[below(8)];
	case 1: return value - steps[below(8)];
	default: return random_next();
	}
}

static uint64_t get(const struct message *message, size_t offset, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i-- > 0;)
		value = value << 8 | message->data[offset + i];
	return value;
}

static void change(struct message *message, enum mutation mutation, bool back, const struct heard *heard)
{
	const struct heard *beside = world_bystander();
	unsigned place = heard->count[back] < HEARD_MAX ? heard->count[back] : HEARD_MAX - 1;

	switch (mutation) {
	case MUTATE_BYTES:
		for (uint64_t count = 1 + below(8); count > 0; count--)
			message->data[somewhere(message)] = (uint8_t)random_next();
		return;
	case MUTATE_CUT: change_size(message, below(message->size)); return;
	case MUTATE_LONGER: change_size(message, message->size + 1 + below(below(4) ? 64 : 5000)); return;
	case MUTATE_REPLAYED: message_copy(message, older(back, heard)); return;
	case MUTATE_OTHER_SESSION: message_copy(message, &beside->message[back][place]); return;
	case MUTATE_REFLECTED:
		message_copy(message, heard->count[!back] > 0 ? &heard->message[!back][heard->count[!back] - 1]
							      : &beside->message[!back][place]);
		return;
	case MUTATE_FORGED: random_fill(message->data + LINK_HEAD_SIZE, message->size - LINK_HEAD_SIZE); return;
	case MUTATE_SPLICED: splice(message, older(back, heard)); return;
	case MUTATE_TYPE: put(message, 0, below(4) ? below(8) : random_next(), 2); return;
	case MUTATE_SIZE: put(message, 4, near(get(message, 4, 4)), 4); return;
	case MUTATE_COUNTER: put(message, 8, near(get(message, 8, 8)), 8); return;
	case MUTATE_VERSION: put(message, 2, random_next(), 2); return;
	case MUTATE_ERROR:
		message->size = link_error_write("a sentence\x1b[2J that nobody proves", message->data);
		return;
	case MUTATE_CLOSE: forge_close(message); return;
	case MUTATE_HANDSHAKE:
		message_copy(message, below(2) && heard->count[back] > 0 ? &heard->message[back][0]
									 : &beside->message[below(2)][0]);
		return;
	default: flip_bit(message);
	}
}

void message_mutate(struct message *message, enum mutation mutation, bool back, const struct heard *heard)
{
	message_copy(&before, message);
	change(message, mutation, back, heard);
	if (message->size == before.size && memcmp(message->data, before.data, before.size) == 0)
		flip_bit(message);
}
