/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan, a cursor and memory of an enemy's: a run ends, stays within its answer,
 * sends nothing but RAM, and leaves a cursor that it takes again. */
#include "guest/memory/plan-run.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/memory/fake-guest.h"
#include "guest/memory/plan-pack.h"

enum {
	RAM_PAGES = 32,
	RAM_SIZE = RAM_PAGES * GUEST_PAGE_SIZE,
	STEP_SIZE = 24,
	ROUND_COUNT = 3,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void drop_message(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

/* All of RAM is mapped where it is, besides whatever the input makes of the tables. */
static void map_ram(struct fake_guest *guest, const struct guest_space *space)
{
	uint64_t next_table = 0x1000;

	for (uint64_t at = 0; at < RAM_SIZE; at += GUEST_PAGE_SIZE)
		fake_guest_map(guest, space, at, at, FAKE_PRESENT, &next_table);
}

static uint64_t small_address(uint16_t word)
{
	return word % RAM_SIZE;
}

/* Steps that mostly keep to the rules: types and depths are brought into range. */
static void make_step(struct plan *plan, const uint8_t *data)
{
	struct plan_step *step = &plan->step[plan->step_count];
	uint8_t depth_max = plan->step_count == 0 ? 0 : plan->step[plan->step_count - 1].depth + 1;
	uint16_t words[8];

	memcpy(words, data + 4, sizeof words);
	*step = (struct plan_step){
		.type = data[0] % (PLAN_STEP_TYPE_END + 1),
		.depth = data[1] % (depth_max + 1),
		.count_size = data[2] % 16,
		.flags = data[3] % 16,
		.size = words[0] % 16 == 0 ? words[0] : 1U << words[0] % 4,
		.count = words[1],
		.stride = words[2],
		.offset = (int16_t)words[3],
		.node_offset = (int16_t)words[4],
		.value = small_address(words[5]),
		.mask = words[6] % 2 == 0 ? ~0ULL : words[6],
	};
	plan->step_count++;
}

static void check_answer(struct fake_guest *guest, struct span packed)
{
	static struct plan_unpack unpack;
	struct reader answer;
	const uint8_t *bytes;
	uint64_t line;
	status result;

	unpack.numbers.count = 0;
	reader_init(&answer, packed);
	while ((result = plan_unpack_next(&unpack, &answer, &line, &bytes)) == STATUS_OK) {
		require(memcmp(bytes, fake_guest_at(guest, line * PLAN_LINE_SIZE), PLAN_LINE_SIZE) == 0);
		/* Moments within each other end one after the other. */
		while (plan_unpack_moment(&unpack, &answer) != 0)
			continue;
	}
	require(result == STATUS_END);
}

static void run(struct fake_guest *guest, const struct plan *plan, struct plan_cursor *cursor)
{
	static uint8_t answer[32 << 10];
	size_t size;

	for (int i = 0; i < ROUND_COUNT && !cursor->is_done; i++) {
		require(plan_cursor_validate(plan, cursor) == STATUS_OK);
		require(fake_guest_run_plan(guest, plan, cursor, answer, sizeof answer >> i, &size) == STATUS_OK);
		require(size <= sizeof answer >> i);
		check_answer(guest, (struct span){answer, size});
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ram_range range = {{0}, RAM_SIZE};
	struct plan plan = {
		.space = {{0}, 4, GUEST_PHYSICAL_BITS_MAX},
		.layout = {40, 64, 0, 16, 8, 8, 128, 16, 80, 10},
		.line_count_max = 1 << 12,
		.node_count_max = 1 << 10,
	};
	struct plan_cursor cursor = {0};
	struct fake_guest guest;
	size_t at = 1 + sizeof cursor;

	if (size < at)
		return 0;
	report_sink_set(drop_message, NULL);
	for (; plan.step_count < data[0] % 16 && at + STEP_SIZE <= size; at += STEP_SIZE)
		make_step(&plan, data + at);
	if (plan_validate(&plan) != STATUS_OK)
		return 0;
	fake_guest_init(&guest, &range, 1, GUEST_MEMORY_CACHE_PAGES_MIN);
	map_ram(&guest, &plan.space);
	/* The rest is memory, behind the tables. */
	memcpy(guest.bytes + 0x4000, data + at, size - at < RAM_SIZE / 2 ? size - at : RAM_SIZE / 2);
	run(&guest, &plan, &cursor);
	memcpy(&cursor, data + 1, sizeof cursor);
	cursor.is_done = false; /* a bool is 0 or 1, whoever decodes it */
	if (plan_cursor_validate(&plan, &cursor) == STATUS_OK)
		run(&guest, &plan, &cursor);
	fake_guest_deinit(&guest);
	return 0;
}
