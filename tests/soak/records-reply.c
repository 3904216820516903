/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "records.h"

enum { RESULTS_OFFSET = 64, SLOTS_OFFSET = 320, FIXED_SIZE = 64 };

static void put(uint8_t *bytes, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

uint64_t reply_u64(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (size_t i = 8; i-- > 0;)
		value = value << 8 | bytes[i];
	return value;
}

static uint32_t u32(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

void reply_tamper_head(struct source *source)
{
	static const struct {
		size_t offset, size;
	} members[] = {{0, 4}, {4, 4}, {8, 8}, {16, 8}, {24, 8}, {32, 8}, {56, 8}};
	size_t i = below(7);
	uint64_t value = below(2) ? below(64) : random_next();

	put(source->plain + members[i].offset, value, members[i].size);
}

void reply_tamper_results(struct source *source)
{
	/* Most of the time one that is asked for, and a number that could be one. */
	size_t i = below(3) ? below(source->request.operation_count) : below(LINK_OPERATION_COUNT_MAX);
	uint32_t value = below(4) ? (uint32_t)below(24) - 12 : (uint32_t)random_next();

	put(source->plain + RESULTS_OFFSET + 8 * i + (below(4) == 0 ? 4 : 0), value, 4);
}

void reply_tamper_data(struct source *source)
{
	size_t room = source->plain_size - SLOTS_OFFSET;

	if (room == 0) {
		reply_tamper_head(source);
		return;
	}
	/* Ranges that could be, but for what was asked. */
	if (source->request.operation[0].type == LINK_NEXT_POPULATED && below(2)) {
		put(source->plain + SLOTS_OFFSET, below(64) << 12, 8);
		return;
	}
	for (uint64_t count = 1 + below(4); count > 0; count--) {
		size_t word = (below(2) ? below(room < 64 ? room : 64) : below(room)) / 8 * 8;
		uint64_t value = below(2) ? random_next() : below(8) << below(60);

		put(source->plain + SLOTS_OFFSET + word, value, 8);
	}
}

/* Cut, longer, or by whole pages: the sizes that other requests' replies have. */
void reply_tamper_size(struct source *source)
{
	size_t size = source->plain_size, step = below(2) ? LINK_PAGE_SIZE : 1 + below(400);

	if (below(2) && size + step <= sizeof source->plain && size + step <= LINK_REPLY_SIZE_MAX + 64) {
		memset(source->plain + size, 0, step);
		source->plain_size += step;
	} else {
		source->plain_size = step < size ? size - step : 0;
	}
}

/* link/request.h: struct link_operation's types, and what each may have. */
static bool outcome_is_allowed(uint8_t type, int32_t outcome)
{
	switch (outcome) {
	case 0: /* done */
	case 3: /* the target has ended */
	case -2: /* unsupported */
	case -3: /* the quota */
	case -5: /* the source can't */
	case -6: return true; /* the grant's rights */
	case 1: return type == LINK_READ;
	case 2: return type == LINK_REGISTERS;
	case 5: return type == LINK_REGISTERS || type == LINK_NEXT_POPULATED;
	default: return false;
	}
}

static size_t data_size(const struct link_operation *operation)
{
	switch (operation->type) {
	case LINK_READ: return operation->size;
	case LINK_RAM_MAP: return 8 + 64 * 16;
	case LINK_REGISTERS: return 8 * 8;
	case LINK_NEXT_POPULATED: return 16;
	default: return 0;
	}
}

const uint8_t *reply_slot(const struct source *source, uint32_t index)
{
	size_t offset = SLOTS_OFFSET;

	for (uint32_t i = 0; i < index; i++)
		offset += (data_size(&source->request.operation[i]) + 63) / 64 * 64;
	return source->plain + offset;
}

static size_t whole_size(const struct source *source)
{
	size_t slots = (size_t)(reply_slot(source, source->request.operation_count) - source->plain) - SLOTS_OFFSET;

	return SLOTS_OFFSET + (slots + 4095) / 4096 * 4096;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static bool range_is_possible(uint64_t start, uint64_t size)
{
	return size != 0 && start % 4096 == 0 && size % 4096 == 0 && start < UINT64_C(1) << 52 &&
	       size <= (UINT64_C(1) << 52) - start;
}

static bool map_is_possible(const uint8_t *slot)
{
	uint64_t count = reply_u64(slot), end = 0;

	if (count > 64)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t start = reply_u64(slot + 8 + 16 * i), size = reply_u64(slot + 16 + 16 * i);

		if (!range_is_possible(start, size) || start < end)
			return false;
		end = start + size;
	}
	return true;
}

/* A single operation's data where it isn't plain bytes; these are asked for alone. */
static bool data_is_possible(const struct link_operation *operation, const uint8_t *slot)
{
	switch (operation->type) {
	case LINK_RAM_MAP: return map_is_possible(slot);
	case LINK_REGISTERS:
		return reply_u64(slot + 40) == operation->address &&
		       (reply_u64(slot + 48) == 0 || reply_u64(slot + 48) == 3);
	case LINK_NEXT_POPULATED:
		return range_is_possible(reply_u64(slot), reply_u64(slot + 8)) && reply_u64(slot) >= operation->address;
	default: return true;
	}
}

bool reply_must_be_refused(const struct source *source, status ret_outcome[LINK_OPERATION_COUNT_MAX])
{
	uint32_t count = source->request.operation_count;
	const uint8_t *plain = source->plain;

	if (source->plain_size != whole_size(source) || memcmp(plain, "BZRP", 4) != 0 || u32(plain + 4) != count ||
	    (u32(plain + 32) & ~UINT32_C(1)) != 0 || !is_zero(plain + 36, FIXED_SIZE - 36) || /* LINK_REPLY_STILL */
	    !is_zero(plain + RESULTS_OFFSET + 8 * count, 8 * (LINK_OPERATION_COUNT_MAX - count)))
		return true;
	for (uint32_t i = 0; i < count; i++) {
		const struct link_operation *operation = &source->request.operation[i];
		int32_t outcome = (int32_t)u32(plain + RESULTS_OFFSET + 8 * i);

		if (!outcome_is_allowed(operation->type, outcome) || !is_zero(plain + RESULTS_OFFSET + 8 * i + 4, 4) ||
		    (outcome == 0 && !data_is_possible(operation, reply_slot(source, i))))
			return true;
		ret_outcome[i] = (status)outcome;
	}
	return false;
}
