/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/plan-pack.h"

#include <assert.h>
#include <string.h>

#include "base/report.h"

enum {
	WORD_SIZE = 4,
	WORD_COUNT = PLAN_LINE_SIZE / WORD_SIZE,
	HEAD_SIZE = 3,
	NUMBER_SIZE = PLAN_PACK_NUMBER_BITS / 8,
	VECTOR_SIZE = 16,
	VECTOR_WORDS = VECTOR_SIZE / WORD_SIZE,
	VECTOR_COUNT = PLAN_LINE_SIZE / VECTOR_SIZE,
};

static_assert((int)PLAN_MOMENT_LINES <= (int)PLAN_PACK_WINDOW && PLAN_MOMENT_LINES - 1 <= UINT8_MAX,
	      "a moment's lines are all remembered");
static_assert(NUMBER_SIZE == sizeof(uint32_t) + sizeof(uint16_t), "as load_number() takes it");

/* What a line without a number has. */
static uint64_t expected_number(uint64_t before, uint64_t other, uint64_t before_other, bool has_other)
{
	return before + (has_other ? other - before_other : 1);
}

static size_t put_number(uint64_t number, uint8_t *to)
{
	uint32_t low = (uint32_t)number;
	uint16_t high = (uint16_t)(number >> 32);

	to[0] = PLAN_PACK_NUMBER;
	memcpy(to + 1, &low, sizeof low);
	memcpy(to + 1 + sizeof low, &high, sizeof high);
	return 1 + NUMBER_SIZE;
}

/* A bit for each word that isn't the same in both lines. By vectors, which where there are no such registers
 * are so many words. */
static uint32_t differing_words(const uint8_t *line, const uint8_t *other)
{
	static const uint32_t bits[VECTOR_COUNT][VECTOR_WORDS] = {
		{1 << 0, 1 << 1, 1 << 2, 1 << 3},
		{1 << 4, 1 << 5, 1 << 6, 1 << 7},
		{1 << 8, 1 << 9, 1 << 10, 1 << 11},
		{1 << 12, 1 << 13, 1 << 14, 1 << 15},
	};
	uint32_t __attribute__((vector_size(VECTOR_SIZE))) all = {0};
	uint64_t halves[2];

	for (unsigned i = 0; i < VECTOR_COUNT; i++) {
		uint32_t __attribute__((vector_size(VECTOR_SIZE))) words, before, bit;

		memcpy(&words, line + (size_t)i * VECTOR_SIZE, VECTOR_SIZE);
		memcpy(&before, other + (size_t)i * VECTOR_SIZE, VECTOR_SIZE);
		memcpy(&bit, bits[i], VECTOR_SIZE);
		all |= (uint32_t __attribute__((vector_size(VECTOR_SIZE))))(words != before) & bit;
	}
	memcpy(halves, &all, sizeof halves);
	halves[0] |= halves[1];
	return (uint32_t)(halves[0] | halves[0] >> 32);
}

static size_t put_line(const uint8_t *line, const uint8_t *other, uint32_t distance, uint8_t *to)
{
	const uint32_t mask = differing_words(line, other);
	uint8_t *at = to + HEAD_SIZE;

	/* Of objects alike most words are the same. */
	for (uint32_t left = mask; left != 0; left &= left - 1, at += WORD_SIZE)
		memcpy(at, line + (size_t)__builtin_ctz(left) * WORD_SIZE, WORD_SIZE);
	to[0] = (uint8_t)distance;
	to[1] = (uint8_t)mask;
	to[2] = (uint8_t)(mask >> 8);
	return (size_t)(at - to);
}

size_t plan_pack_line(const uint8_t (*lines)[PLAN_LINE_SIZE], const uint64_t *numbers, uint32_t index,
		      uint32_t distance, uint8_t *to)
{
	static const uint8_t zeros[PLAN_LINE_SIZE];
	uint32_t other = index - distance;
	bool has_other = distance != 0 && other > 0;
	size_t size = 0;

	if (index == 0 || numbers[index] != expected_number(numbers[index - 1], has_other ? numbers[other] : 0,
							    has_other ? numbers[other - 1] : 0, has_other))
		size = put_number(numbers[index], to);
	return size + put_line(lines[index], distance != 0 ? lines[other] : zeros, distance, to + size);
}

void plan_pack_moment(uint32_t count, uint8_t *to)
{
	to[0] = PLAN_PACK_MOMENT;
	to[1] = (uint8_t)(count - 1);
}

/* ---- unpacking */

static status bad(const char *what)
{
	return report(STATUS_MALFORMED, "the answer to a read plan %s", what);
}

/* At `at` there are NUMBER_SIZE bytes. Two loads: one of what two stores wrote would wait for both of them. */
static uint64_t load_number(const uint8_t *at)
{
	uint32_t low;
	uint16_t high;

	memcpy(&low, at, sizeof low);
	memcpy(&high, at + sizeof low, sizeof high);
	return low | (uint64_t)high << 32;
}

static inline uint64_t number_without(const struct plan_numbers *numbers, uint32_t distance)
{
	uint32_t index = numbers->count;
	bool has_other = distance != 0 && distance < index;

	return expected_number(numbers->number[(index - 1) % PLAN_PACK_WINDOW],
			       has_other ? numbers->number[(index - distance) % PLAN_PACK_WINDOW] : 0,
			       has_other ? numbers->number[(index - distance - 1) % PLAN_PACK_WINDOW] : 0, has_other);
}

/* The words whose bits are in the mask, 16 at most; behind them. */
static const uint8_t *take_words(const uint8_t *at, unsigned mask, uint8_t *line)
{
	for (; mask != 0; mask &= mask - 1, at += WORD_SIZE)
		memcpy(line + (size_t)__builtin_ctz(mask) * WORD_SIZE, at, WORD_SIZE);
	return at;
}

/* The item at `item`, where there are PLAN_PACK_SIZE_MAX bytes, as no item is longer. How many it takes; 0: it is
 * told by a line that wasn't there. */
static size_t take_item(struct plan_unpack *unpack, const uint8_t *item)
{
	struct plan_numbers *numbers = &unpack->numbers;
	uint32_t slot = numbers->count % PLAN_PACK_WINDOW;
	bool is_numbered = item[0] == PLAN_PACK_NUMBER;
	const uint8_t *at = is_numbered ? item + 1 + NUMBER_SIZE : item;
	uint8_t *line = unpack->lines[slot], distance = at[0];
	unsigned mask = at[1] | (unsigned)at[2] << 8;

	if (distance > PLAN_PACK_DISTANCE_MAX || distance > numbers->count || (numbers->count == 0 && !is_numbered))
		return 0;
	numbers->number[slot] = is_numbered ? load_number(item + 1) : number_without(numbers, distance);
	if (distance == 0)
		memset(line, 0, PLAN_LINE_SIZE);
	else
		memcpy(line, unpack->lines[(numbers->count - distance) % PLAN_PACK_WINDOW], PLAN_LINE_SIZE);
	return (size_t)(take_words(at + HEAD_SIZE, mask, line) - item);
}

static_assert(1 + NUMBER_SIZE + HEAD_SIZE + PLAN_LINE_SIZE == PLAN_PACK_SIZE_MAX, "no item is longer");

status plan_unpack_next(struct plan_unpack *unpack, struct reader *answer, uint64_t *ret_line,
			const uint8_t **ret_bytes)
{
	const uint8_t *item = answer->bytes.data + answer->position;
	uint32_t slot = unpack->numbers.count % PLAN_PACK_WINDOW;
	size_t left = answer->bytes.size - answer->position; /* as reader_left(); this is done for each line */
	uint8_t last[PLAN_PACK_SIZE_MAX];

	if (left == 0)
		return STATUS_END;
	/* The last ones with zeros behind them, so that an item needs one check. */
	if (left < PLAN_PACK_SIZE_MAX) {
		memset(last, 0, sizeof last);
		memcpy(last, item, left);
		item = last;
	}
	size_t size = take_item(unpack, item);
	if (size == 0)
		return bad("tells a line by one that wasn't there");
	if (size > left)
		return bad("is cut off");
	answer->position += size;
	*ret_line = unpack->numbers.number[slot];
	*ret_bytes = unpack->lines[slot];
	unpack->numbers.count++;
	return STATUS_OK;
}

uint32_t plan_unpack_moment_next(const struct plan_unpack *unpack, struct reader *answer)
{
	const uint8_t *item = answer->bytes.data + answer->position;

	/* What says more than that stays, and isn't a line either. */
	if (reader_left(answer) < PLAN_PACK_MOMENT_SIZE || item[0] != PLAN_PACK_MOMENT ||
	    item[1] >= unpack->numbers.count || reader_skip(answer, PLAN_PACK_MOMENT_SIZE) != STATUS_OK)
		return 0;
	return item[1] + 1U;
}

static ptrdiff_t words_size(unsigned mask)
{
	ptrdiff_t size = 0;

	/* A bit less each time. The compiler's own function for it may be one of a library's. */
	for (; mask != 0; mask &= mask - 1)
		size += WORD_SIZE;
	return size;
}

bool plan_unpack_skip(struct plan_numbers *numbers, struct reader *answer, uint64_t *ret_line)
{
	const uint8_t *item = answer->bytes.data + answer->position, *end = answer->bytes.data + answer->bytes.size;

	/* Each round takes some of the answer. */
	while (end - item >= PLAN_PACK_MOMENT_SIZE && item[0] == PLAN_PACK_MOMENT)
		item += PLAN_PACK_MOMENT_SIZE;
	bool is_numbered = item < end && item[0] == PLAN_PACK_NUMBER;
	const uint8_t *at = is_numbered ? item + 1 + NUMBER_SIZE : item;

	if (end - item < (is_numbered ? 1 + NUMBER_SIZE : 0) + HEAD_SIZE || at[0] > numbers->count ||
	    at[0] > PLAN_PACK_DISTANCE_MAX || (numbers->count == 0 && !is_numbered))
		return false;
	ptrdiff_t size = at - item + HEAD_SIZE + words_size(at[1] | (unsigned)at[2] << 8);
	if (size > end - item)
		return false;
	*ret_line = is_numbered ? load_number(item + 1) : number_without(numbers, at[0]);
	numbers->number[numbers->count++ % PLAN_PACK_WINDOW] = *ret_line;
	answer->position = (size_t)(item + size - answer->bytes.data);
	return true;
}

uint64_t plan_unpack_peek(const struct plan_unpack *unpack, struct span answer)
{
	uint64_t number = 0;

	if (answer.size == 0)
		return 0;
	if (answer.data[0] == PLAN_PACK_NUMBER) {
		if (answer.size > NUMBER_SIZE)
			memcpy(&number, answer.data + 1, NUMBER_SIZE);
		return number;
	}
	return unpack->numbers.count != 0 && answer.data[0] <= unpack->numbers.count
		       ? number_without(&unpack->numbers, answer.data[0])
		       : 0;
}
