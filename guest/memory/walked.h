/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of runs of read plans have in common: a guest of 4 MiB, a plan, and what its run brought. */
#ifndef GUEST_MEMORY_WALKED_H
#define GUEST_MEMORY_WALKED_H

#include <string.h>

#include "base/report.h"
#include "base/test.h"
#include "guest/memory/fake-guest.h"
#include "guest/memory/plan-pack.h"
#include "guest/memory/plan-run.h"

enum {
	RAM_SIZE = 4 << 20,
	ROOT = 0x1000,
	TABLES = 0x2000,
	/* Kernel data: physical [DATA, RAM_SIZE) at DIRECT + physical, in pages of 4 KiB. */
	DATA = 0x100000,
	ANSWER_SIZE = 256 << 10,
	LINE_COUNT_MAX = 4096,
};
#define DIRECT 0xffff888000000000ULL
#define USER_ADDRESS 0x7ffc00001000ULL

struct walked {
	struct fake_guest guest;
	struct plan plan;
	struct plan_cursor cursor;
	uint8_t answer[ANSWER_SIZE];
	size_t answer_size;
	uint64_t lines[LINE_COUNT_MAX];
	size_t line_count;
	size_t moment_count, moment_line_count; /* moments, and the last one's lines */
};

static inline void drop_message(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

static inline void setup(struct walked *walked)
{
	const struct ram_range range = {{0}, RAM_SIZE};
	uint64_t next_table = TABLES;

	memset(walked, 0, sizeof *walked);
	fake_guest_init(&walked->guest, &range, 1, FAKE_CACHE_PAGES);
	walked->plan.space = (struct guest_space){{ROOT}, 4, GUEST_PHYSICAL_BITS_MAX};
	walked->plan.page_offset = DIRECT;
	walked->plan.line_count_max = walked->plan.node_count_max = 1 << 20;
	walked->plan.layout = (struct plan_layout){
		.xa_slots = 40,
		.xa_slot_count = 64,
		.rb_parent = 0,
		.rb_right = 8,
		.rb_left = 16,
		.maple_pivot = 8,
		.maple_range_slot = 128,
		.maple_range_slot_count = 16,
		.maple_arange_slot = 80,
		.maple_arange_slot_count = 10,
	};
	for (uint64_t at = DATA; at < RAM_SIZE; at += GUEST_PAGE_SIZE)
		fake_guest_map(&walked->guest, &walked->plan.space, DIRECT + at, at, FAKE_PRESENT | FAKE_WRITABLE,
			       &next_table);
	report_sink_set(drop_message, NULL);
}

static inline void teardown(struct walked *walked)
{
	fake_guest_deinit(&walked->guest);
	report_sink_set(NULL, NULL);
}

/* Kernel data by its offset. */
static inline uint64_t at(uint64_t offset)
{
	return DIRECT + DATA + offset;
}

static inline void put(struct walked *walked, uint64_t offset, uint64_t value)
{
	memcpy(fake_guest_at(&walked->guest, DATA + offset), &value, sizeof value);
}

static inline struct plan_step *add(struct walked *walked, uint8_t depth, uint8_t type)
{
	struct plan_step *step = &walked->plan.step[walked->plan.step_count++];

	*step = (struct plan_step){
		.type = type, .depth = depth, .mask = ~0ULL, .count = 1 << 20, .size = 8, .stride = 8};
	return step;
}

static inline void add_start(struct walked *walked, uint64_t address)
{
	add(walked, 0, PLAN_START_AT)->value = address;
}

static inline void collect(struct walked *walked)
{
	struct plan_unpack unpack = {0};
	struct reader answer;
	const uint8_t *bytes;
	uint64_t line;

	reader_init(&answer, (struct span){walked->answer, walked->answer_size});
	while (plan_unpack_next(&unpack, &answer, &line, &bytes) == STATUS_OK) {
		assert_true(walked->line_count < LINE_COUNT_MAX);
		assert_memory_equal(bytes, fake_guest_at(&walked->guest, line * PLAN_LINE_SIZE), PLAN_LINE_SIZE);
		walked->lines[walked->line_count++] = line;
		for (uint32_t count; (count = plan_unpack_moment(&unpack, &answer)) != 0; walked->moment_count++)
			walked->moment_line_count = count;
	}
	assert_int_equal(reader_left(&answer), 0);
}

static inline void run(struct walked *walked)
{
	assert_int_equal(plan_validate(&walked->plan), STATUS_OK);
	assert_int_equal(plan_cursor_validate(&walked->plan, &walked->cursor), STATUS_OK);
	assert_int_equal(fake_guest_run_plan(&walked->guest, &walked->plan, &walked->cursor, walked->answer,
					     sizeof walked->answer, &walked->answer_size),
			 STATUS_OK);
	collect(walked);
}

static inline size_t times_sent(const struct walked *walked, uint64_t offset)
{
	size_t count = 0;

	for (size_t i = 0; i < walked->line_count; i++)
		count += walked->lines[i] == (DATA + offset) / PLAN_LINE_SIZE;
	return count;
}

static inline void make_list(struct walked *walked, uint64_t head, uint64_t first, uint64_t count)
{
	put(walked, head, count > 0 ? at(first) : at(head));
	for (uint64_t i = 0; i < count; i++)
		put(walked, first + i * 256, i + 1 < count ? at(first + (i + 1) * 256) : at(head));
}

#endif
