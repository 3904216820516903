/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/test.h"
#include "guest/memory/fake-guest.h"

enum {
	RAM_SIZE = 4 << 20,
	ROOT = 0x1000,
	TABLES = 0x2000,
	DATA = 0x100000,
	NODE_COUNT = 500,
	NODE_SIZE = 320,
	LINE_COUNT = 256,
	ASIDE = 2 << 20, /* behind all nodes */
};
#define DIRECT 0xffff888000000000ULL

struct lined {
	struct fake_guest guest;
	void *storage;
	struct guest_space space;
	struct plan plan;
};

static void drop_message(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

static uint64_t at(uint64_t offset)
{
	return DIRECT + DATA + offset;
}

static void put(struct lined *lined, uint64_t offset, uint64_t value)
{
	memcpy(fake_guest_at(&lined->guest, DATA + offset), &value, sizeof value);
}

static struct plan_step *add(struct lined *lined, uint8_t depth, uint8_t type)
{
	struct plan_step *step = &lined->plan.step[lined->plan.step_count++];

	*step = (struct plan_step){
		.type = type, .depth = depth, .mask = ~0ULL, .count = 1 << 20, .size = 8, .stride = 8};
	return step;
}

/* A list with its head at 0; each node has its number 200 bytes on. */
static void setup(struct lined *lined, size_t line_count)
{
	const struct ram_range range = {{0}, RAM_SIZE};
	size_t size = guest_memory_lines_storage_size(line_count);
	uint64_t next_table = TABLES;

	memset(lined, 0, sizeof *lined);
	fake_guest_init(&lined->guest, &range, 1, FAKE_CACHE_PAGES);
	lined->storage = aligned_alloc(64, (size + 63) & ~(size_t)63);
	assert_non_null(lined->storage);
	assert_int_equal(guest_memory_lines_init(&lined->guest.memory, lined->storage, size), STATUS_OK);
	lined->space = (struct guest_space){{ROOT}, 4, GUEST_PHYSICAL_BITS_MAX};
	for (uint64_t page = DATA; page < RAM_SIZE; page += GUEST_PAGE_SIZE)
		fake_guest_map(&lined->guest, &lined->space, DIRECT + page, page, FAKE_PRESENT, &next_table);
	put(lined, 0, at(4096));
	for (uint64_t i = 0; i < NODE_COUNT; i++) {
		put(lined, 4096 + i * NODE_SIZE, i + 1 < NODE_COUNT ? at(4096 + (i + 1) * NODE_SIZE) : at(0));
		put(lined, 4096 + i * NODE_SIZE + 200, i);
	}
	lined->plan.space = lined->space;
	lined->plan.line_count_max = lined->plan.node_count_max = 1 << 20;
	add(lined, 0, PLAN_START_AT)->value = at(0);
	add(lined, 1, PLAN_LIST);
	add(lined, 2, PLAN_TAKE)->offset = 200;
	report_sink_set(drop_message, NULL);
}

static void teardown(struct lined *lined)
{
	fake_guest_deinit(&lined->guest);
	free(lined->storage);
	report_sink_set(NULL, NULL);
}

static uint64_t number_at(struct lined *lined, uint64_t address)
{
	uint64_t number = ~0ULL;

	assert_int_equal(guest_space_read(&lined->guest.memory, &lined->space, (struct guest_va){address}, &number,
					  sizeof number),
			 STATUS_OK);
	return number;
}

/* As guest C walks: the nodes, and their numbers, all of which must be right. */
static void walk(struct lined *lined)
{
	uint64_t node = number_at(lined, at(0));

	for (uint64_t i = 0; i < NODE_COUNT; i++) {
		assert_int_equal(number_at(lined, node + 200), i);
		node = number_at(lined, node);
	}
	assert_int_equal(node, at(0));
}

static void a_walk_after_its_plan_asks_for_nothing_more(void **state)
{
	(void)state;
	struct lined lined;

	setup(&lined, 4096);
	lined.guest.plan_answer_size = 512 << 10;
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	walk(&lined);
	assert_int_equal(lined.guest.memory.question_count, 1);
	assert_int_equal(lined.guest.memory.fetched_pages, 0);
	teardown(&lined);
}

static void a_plan_that_stopped_goes_on_when_the_walk_comes_there(void **state)
{
	(void)state;
	struct lined lined;

	/* Room for an answer at a time. */
	setup(&lined, 512);
	lined.guest.plan_answer_size = 2 << 10;
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	walk(&lined);
	assert_true(lined.guest.memory.plan_run_count > 3);
	assert_true(lined.guest.memory.plan_run_count < 20);
	assert_true(lined.guest.memory.fetched_pages <= 2);
	teardown(&lined);
}

/* A file's types and symbols, which no plan has: they are read between two of a walk's steps, and take many pages. */
static void what_is_no_part_of_an_answer_moves_a_walk_nowhere(void **state)
{
	(void)state;
	struct lined lined;
	/* The rest of an answer is packed; a plan stopped, and what it would bring isn't known. */
	static const struct {
		size_t answer_size;
		uint64_t other_count;
	} cases[] = {{512 << 10, 1000}, {1 << 10, 60}};

	for (size_t i = 0; i < 2; i++) {
		setup(&lined, 512);
		lined.guest.plan_answer_size = cases[i].answer_size;
		guest_memory_run_plan(&lined.guest.memory, &lined.plan);
		assert_int_equal(number_at(&lined, number_at(&lined, at(0)) + 200), 0);
		for (uint64_t page = 0; page < cases[i].other_count; page++)
			assert_int_equal(number_at(&lined, at(ASIDE + page % 200 * GUEST_PAGE_SIZE)), 0);
		uint64_t fetched = lined.guest.memory.fetched_pages;
		assert_true(fetched >= cases[i].other_count);
		walk(&lined);
		assert_true(lined.guest.memory.fetched_pages <= fetched + 2);
		assert_true(lined.guest.memory.plan_run_count < 20);
		teardown(&lined);
	}
}

/* The kernel's own tables, as fake_guest_map() made them: not for users. */
static void what_a_walk_comes_back_to_outlasts_a_ring_of_others(void **state)
{
	(void)state;
	struct lined lined;
	struct plan small = {0};

	/* 500 nodes have some 1400 lines. */
	setup(&lined, 512);
	lined.guest.plan_answer_size = 4 << 10;
	put(&lined, ASIDE, 4711);
	put(&lined, ASIDE + 4096, 4712);
	small.space = lined.space;
	small.line_count_max = small.node_count_max = 1 << 20;
	small.step_count = 1;
	small.step[0] = (struct plan_step){.type = PLAN_TAKE, .size = 8, .mask = ~0ULL, .offset = (int64_t)at(ASIDE)};
	/* What an epoch begins with; and what the larger plan does. */
	uint64_t mark = guest_memory_line_mark(&lined.guest.memory);
	guest_memory_run_plan(&lined.guest.memory, &small);
	memmove(&lined.plan.step[1], &lined.plan.step[0], 3 * sizeof lined.plan.step[0]);
	lined.plan.step[0] = small.step[0];
	lined.plan.step[0].offset += 4096;
	lined.plan.step_count = 4;
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	walk(&lined);
	assert_true(guest_memory_line_mark(&lined.guest.memory) > mark + 512);
	assert_true(guest_memory_has_lines_since(&lined.guest.memory, mark));
	assert_false(guest_memory_has_lines_since(&lined.guest.memory, mark + 20));
	uint64_t question_count = lined.guest.memory.question_count;
	assert_int_equal(number_at(&lined, at(ASIDE)), 4711);
	assert_int_equal(number_at(&lined, at(ASIDE + 4096)), 4712);
	assert_int_equal(lined.guest.memory.question_count, question_count);
	/* But not longer than the epoch. */
	assert_int_equal(guest_memory_refresh(&lined.guest.memory), STATUS_OK);
	assert_int_equal(lined.guest.memory.lines->kept_count, 0);
	put(&lined, ASIDE, 4713);
	assert_int_equal(number_at(&lined, at(ASIDE)), 4713);
	teardown(&lined);
}

static void what_is_kept_leaves_room_for_others(void **state)
{
	(void)state;
	struct lined lined;

	setup(&lined, LINE_COUNT);
	lined.guest.plan_answer_size = 4 << 10;
	for (uint64_t i = 0; i < 100; i++) {
		struct plan small = {.space = lined.space, .line_count_max = 8, .node_count_max = 1, .step_count = 1};

		small.step[0] = (struct plan_step){
			.type = PLAN_TAKE, .size = 64, .mask = ~0ULL, .offset = (int64_t)at(ASIDE + i * 64)};
		guest_memory_run_plan(&lined.guest.memory, &small);
	}
	assert_int_equal(lined.guest.memory.lines->kept_count, LINE_COUNT / 8);
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	walk(&lined);
	teardown(&lined);
}

static void a_ring_smaller_than_an_answer_costs_pages_and_nothing_else(void **state)
{
	(void)state;
	struct lined lined;

	setup(&lined, GUEST_MEMORY_LINES_MIN);
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	walk(&lined);
	teardown(&lined);
}

static void a_walk_is_the_same_without_plans(void **state)
{
	(void)state;
	struct lined lined;

	setup(&lined, LINE_COUNT);
	lined.guest.memory.lines = NULL;
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	walk(&lined);
	assert_int_equal(lined.guest.memory.plan_run_count, 0);
	assert_true(lined.guest.memory.question_count > 30);
	teardown(&lined);
}

static void a_page_copied_later_has_the_bytes_that_a_plan_brought(void **state)
{
	(void)state;
	struct lined lined;
	uint64_t words[GUEST_PAGE_SIZE / 8];

	setup(&lined, 4096);
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	assert_int_equal(number_at(&lined, at(4096 + 200)), 0);
	put(&lined, 4096 + 200, 77); /* seen already */
	put(&lined, 4096 + 264, 88); /* not seen yet */
	assert_int_equal(
		guest_space_read(&lined.guest.memory, &lined.space, (struct guest_va){at(4096)}, words, sizeof words),
		STATUS_OK);
	assert_int_equal(words[200 / 8], 0);
	assert_int_equal(words[264 / 8], 88);
	assert_int_equal(number_at(&lined, at(4096 + 200)), 0);
	/* So has one that never enters the cache. */
	uint8_t(*pages)[GUEST_PAGE_SIZE] = calloc(GUEST_MEMORY_DIRECT_PAGES, GUEST_PAGE_SIZE);
	assert_non_null(pages);
	put(&lined, 8 * 4096 + 4096 % NODE_SIZE, 1);
	assert_int_equal(guest_memory_refresh(&lined.guest.memory), STATUS_OK);
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	put(&lined, 4096 + 200, 99);
	assert_int_equal(guest_memory_read_physical(&lined.guest.memory, (struct guest_pa){DATA}, pages,
						    (size_t)GUEST_MEMORY_DIRECT_PAGES * GUEST_PAGE_SIZE),
			 STATUS_OK);
	memcpy(words, pages[1], sizeof words);
	assert_int_equal(words[200 / 8], 77);
	free(pages);
	teardown(&lined);
}

static void a_plan_brings_nothing_newer_than_what_was_seen(void **state)
{
	(void)state;
	struct lined lined;

	setup(&lined, 4096);
	assert_int_equal(number_at(&lined, at(4096 + 200)), 0); /* the page */
	put(&lined, 4096 + 200, 77);
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	assert_int_equal(number_at(&lined, at(4096 + 200)), 0);
	/* Nor a second plan than the first. */
	assert_int_equal(guest_memory_refresh(&lined.guest.memory), STATUS_OK);
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	put(&lined, 4096 + 200, 99);
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	assert_int_equal(number_at(&lined, at(4096 + 200)), 77);
	teardown(&lined);
}

static void what_a_plan_brought_ends_with_its_epoch(void **state)
{
	(void)state;
	struct lined lined;

	setup(&lined, 4096);
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	put(&lined, 4096 + 200, 77);
	assert_int_equal(number_at(&lined, at(4096 + 200)), 0);
	assert_int_equal(guest_memory_refresh(&lined.guest.memory), STATUS_OK);
	assert_int_equal(number_at(&lined, at(4096 + 200)), 77);
	teardown(&lined);
}

/* Few lines are forgotten one by one, many all at once, and of a ring that was full no more than that is known. */
static void an_epoch_with_other_lines_finds_none_of_the_one_before(void **state)
{
	static const uint32_t lengths[] = {3, 20, 120, 1 << 20};

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		for (size_t line_count = 1024; line_count <= 8192; line_count *= 2) {
			struct lined lined;

			setup(&lined, line_count);
			lined.plan.step[1].count = lengths[i];
			guest_memory_run_plan(&lined.guest.memory, &lined.plan);
			assert_int_equal(number_at(&lined, at(4096 + 2 * NODE_SIZE + 200)), 2);
			assert_int_equal(guest_memory_refresh(&lined.guest.memory), STATUS_OK);
			put(&lined, 4096 + 2 * NODE_SIZE + 200, 99);
			lined.plan.step_count = 1;
			lined.plan.step[0] =
				(struct plan_step){.type = PLAN_TAKE, .size = 8, .offset = (int64_t)at(ASIDE)};
			guest_memory_run_plan(&lined.guest.memory, &lined.plan);
			assert_int_equal(number_at(&lined, at(ASIDE)), 0);
			assert_int_equal(number_at(&lined, at(4096 + 2 * NODE_SIZE + 200)), 99);
			teardown(&lined);
		}
	}
}

static status answer_with_a_device(struct page_source *source, const struct plan *plan, struct plan_cursor *cursor,
				   struct plan_sink *sink)
{
	uint8_t packed[PLAN_PACK_SIZE_MAX] = {PLAN_PACK_NUMBER};
	uint64_t number = 0xfee00000ULL / PLAN_LINE_SIZE;

	(void)source;
	(void)plan;
	cursor->is_done = true;
	memcpy(packed + 1, &number, PLAN_PACK_NUMBER_BITS / 8);
	return sink->take(sink, (struct span){packed, 1 + PLAN_PACK_NUMBER_BITS / 8 + 3});
}

static void an_answer_with_what_is_no_ram_ends_the_plan(void **state)
{
	(void)state;
	struct lined lined;
	struct page_source_ops ops;

	setup(&lined, 4096);
	ops = *lined.guest.source.ops;
	ops.run_plan = answer_with_a_device;
	lined.guest.source.ops = &ops;
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	assert_int_equal(lined.guest.memory.lines->current_count, 0);
	walk(&lined);
	teardown(&lined);
}

static void pointers_into_lines_hold_until_the_generation_changes(void **state)
{
	(void)state;
	struct lined lined;
	const uint8_t *bytes;
	size_t size;

	setup(&lined, LINE_COUNT);
	lined.guest.plan_answer_size = 4 << 10;
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	assert_int_equal(guest_memory_bytes(&lined.guest.memory, (struct guest_pa){DATA + 4096 + 200}, &bytes, &size),
			 STATUS_OK);
	assert_int_equal(size, PLAN_LINE_SIZE - 200 % PLAN_LINE_SIZE);
	uint64_t generation = lined.guest.memory.generation, number = ~0ULL;
	walk(&lined);
	assert_int_not_equal(lined.guest.memory.generation, generation);
	/* Without a reason it stays. */
	generation = lined.guest.memory.generation;
	assert_int_equal(guest_memory_bytes(&lined.guest.memory, (struct guest_pa){DATA}, &bytes, &size), STATUS_OK);
	assert_int_equal(lined.guest.memory.generation, generation);
	memcpy(&number, bytes, sizeof number);
	assert_int_equal(number, at(4096));
	teardown(&lined);
}

/* ---- moments */

/* One for each node. */
static void plan_moments(struct lined *lined)
{
	lined->plan.step[3] = lined->plan.step[2];
	lined->plan.step[3].depth = 3;
	lined->plan.step[2] = (struct plan_step){.type = PLAN_MOMENT, .depth = 2};
	lined->plan.step_count = 4;
}

static struct guest_pa number_of(uint64_t node)
{
	return (struct guest_pa){DATA + 4096 + node * NODE_SIZE + 200};
}

static bool was_shown(struct lined *lined, struct guest_pa place, struct guest_moments *moments)
{
	uint64_t number;

	return guest_memory_read_moments(&lined->guest.memory, place, &number, sizeof number, moments);
}

static void what_a_moment_had_is_told_from_what_two_had(void **state)
{
	(void)state;
	struct lined lined;
	struct guest_moments moments = GUEST_MOMENTS_ALL;

	setup(&lined, 4096);
	lined.guest.plan_answer_size = 512 << 10;
	plan_moments(&lined);
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	assert_true(was_shown(&lined, number_of(3), &moments));
	assert_int_equal(moments.first, moments.last);
	assert_true(was_shown(&lined, number_of(3), &moments));
	assert_false(was_shown(&lined, number_of(4), &moments));
	/* Not what was no moment's. */
	moments = GUEST_MOMENTS_ALL;
	assert_false(was_shown(&lined, (struct guest_pa){DATA}, &moments));
	teardown(&lined);
}

static void an_answer_of_a_target_that_stood_still_is_one_moment(void **state)
{
	(void)state;
	struct lined lined;
	struct guest_moments moments = GUEST_MOMENTS_ALL;
	/* Where the answer is larger than what is unpacked at first, too. */
	const size_t line_counts[] = {4096, LINE_COUNT};

	for (size_t i = 0; i < 2; i++) {
		moments = GUEST_MOMENTS_ALL;
		setup(&lined, line_counts[i]);
		lined.guest.plan_answer_size = 512 << 10;
		lined.guest.is_still = true;
		guest_memory_run_plan(&lined.guest.memory, &lined.plan);
		assert_true(was_shown(&lined, (struct guest_pa){DATA}, &moments));
		for (uint64_t node = 0; node < 30; node++)
			assert_true(was_shown(&lined, number_of(node), &moments));
		assert_int_equal(moments.first, moments.last);
		/* No other answer's. */
		lined.plan.step[0].value = lined.plan.step[0].value + 4096;
		lined.plan.step[1] = (struct plan_step){.type = PLAN_TAKE, .depth = 1, .offset = ASIDE, .size = 8};
		lined.plan.step_count = 2;
		guest_memory_run_plan(&lined.guest.memory, &lined.plan);
		const struct guest_pa aside = {DATA + 4096 + ASIDE};
		assert_false(was_shown(&lined, aside, &moments));
		moments = GUEST_MOMENTS_ALL;
		assert_true(was_shown(&lined, aside, &moments));
		/* And not what changed since this epoch had it. */
		put(&lined, number_of(3).value - DATA, 4711);
		lined.plan.step[1].offset = 200;
		lined.plan.step[1].offset += 3 * NODE_SIZE;
		guest_memory_run_plan(&lined.guest.memory, &lined.plan);
		assert_int_equal(number_at(&lined, DIRECT + number_of(3).value), 3);
		moments = (struct guest_moments){moments.last + 1, UINT32_MAX};
		assert_false(was_shown(&lined, number_of(3), &moments));
		teardown(&lined);
	}
}

static void without_the_mark_an_answer_is_no_moment(void **state)
{
	(void)state;
	struct lined lined;
	struct guest_moments moments = GUEST_MOMENTS_ALL;

	setup(&lined, 4096);
	lined.guest.plan_answer_size = 512 << 10;
	lined.guest.is_still = true;
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	assert_int_equal(guest_memory_refresh(&lined.guest.memory), STATUS_OK);
	lined.guest.is_still = false;
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	assert_int_equal(number_at(&lined, DIRECT + number_of(3).value), 3);
	assert_false(was_shown(&lined, number_of(3), &moments));
	teardown(&lined);
}

static void what_two_moments_had_was_there_in_between(void **state)
{
	(void)state;
	struct lined lined;
	struct guest_moments first = GUEST_MOMENTS_ALL, last = GUEST_MOMENTS_ALL, moments = GUEST_MOMENTS_ALL;

	setup(&lined, 4096);
	lined.guest.plan_answer_size = 512 << 10;
	plan_moments(&lined);
	/* As each node's, the last one's number, too. */
	lined.plan.step[4] = (struct plan_step){.type = PLAN_START_AT, .depth = 3, .value = at(ASIDE)};
	lined.plan.step[5] = (struct plan_step){.type = PLAN_TAKE, .depth = 4, .size = 8};
	lined.plan.step_count = 6;
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	assert_true(was_shown(&lined, number_of(3), &first));
	assert_true(was_shown(&lined, number_of(7), &last));
	assert_true(was_shown(&lined, (struct guest_pa){DATA + ASIDE}, &moments));
	assert_true(moments.first < first.first && moments.last > last.last);
	assert_true(was_shown(&lined, (struct guest_pa){DATA + ASIDE}, &first));
	assert_true(was_shown(&lined, (struct guest_pa){DATA + ASIDE}, &last));
	assert_true(first.last < last.first);
	teardown(&lined);
}

static void a_moment_says_nothing_of_what_this_epoch_had_otherwise_before(void **state)
{
	(void)state;
	struct lined lined;
	struct guest_moments moments = GUEST_MOMENTS_ALL;
	const struct plan plain = (setup(&lined, 4096), lined.plan);

	lined.guest.plan_answer_size = 512 << 10;
	plan_moments(&lined);
	guest_memory_run_plan(&lined.guest.memory, &plain);
	put(&lined, number_of(3).value - DATA, 4711);
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	assert_int_equal(number_at(&lined, DIRECT + number_of(3).value), 3);
	assert_false(was_shown(&lined, number_of(3), &moments));
	moments = GUEST_MOMENTS_ALL;
	assert_true(was_shown(&lined, number_of(30), &moments));
	/* In the next epoch it does. */
	moments = GUEST_MOMENTS_ALL;
	assert_int_equal(guest_memory_refresh(&lined.guest.memory), STATUS_OK);
	assert_false(was_shown(&lined, number_of(30), &moments));
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	assert_true(was_shown(&lined, number_of(3), &moments));
	teardown(&lined);
}

static void a_moment_is_over_when_something_else_is_copied(void **state)
{
	(void)state;
	struct lined lined;
	struct guest_moments moments = GUEST_MOMENTS_ALL;

	setup(&lined, 4096);
	lined.guest.plan_answer_size = 512 << 10;
	plan_moments(&lined);
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	assert_true(was_shown(&lined, number_of(3), &moments));
	assert_int_equal(number_at(&lined, at(ASIDE)), 0);
	moments = GUEST_MOMENTS_ALL;
	assert_false(was_shown(&lined, number_of(3), &moments));
	/* A later one counts. */
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	moments = GUEST_MOMENTS_ALL;
	assert_true(was_shown(&lined, number_of(3), &moments));
	teardown(&lined);
}

static void a_page_that_nothing_is_made_of_ends_no_moment(void **state)
{
	(void)state;
	struct lined lined;
	struct guest_moments moments = GUEST_MOMENTS_ALL;

	setup(&lined, 4096);
	lined.guest.plan_answer_size = 512 << 10;
	plan_moments(&lined);
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	assert_int_equal(number_at(&lined, at(ASIDE)), 0);
	assert_true(guest_memory_has_used_later(&lined.guest.memory));
	guest_memory_begin_use(&lined.guest.memory);
	assert_false(guest_memory_has_used_later(&lined.guest.memory));
	assert_int_equal(number_at(&lined, DIRECT + number_of(3).value), 3);
	assert_true(was_shown(&lined, number_of(3), &moments));
	/* The page's copy again. */
	assert_int_equal(number_at(&lined, at(ASIDE)), 0);
	moments = GUEST_MOMENTS_ALL;
	assert_false(was_shown(&lined, number_of(3), &moments));
	teardown(&lined);
}

static void a_moment_is_over_when_a_later_plan_brings_what_is_read(void **state)
{
	(void)state;
	struct lined lined;
	struct guest_moments moments = GUEST_MOMENTS_ALL;
	struct plan aside;

	setup(&lined, 4096);
	lined.guest.plan_answer_size = 512 << 10;
	aside = (struct plan){.space = lined.space, .line_count_max = 100, .node_count_max = 100, .step_count = 2};
	aside.step[0] = (struct plan_step){.type = PLAN_START_AT, .mask = ~0ULL, .value = at(ASIDE)};
	aside.step[1] = (struct plan_step){.type = PLAN_TAKE, .depth = 1, .mask = ~0ULL, .size = 8};
	plan_moments(&lined);
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	guest_memory_run_plan(&lined.guest.memory, &aside);
	assert_int_equal(number_at(&lined, DIRECT + number_of(3).value), 3);
	assert_true(was_shown(&lined, number_of(3), &moments));
	assert_int_equal(number_at(&lined, at(ASIDE)), 0);
	assert_int_equal(lined.guest.memory.question_count, 2);
	moments = GUEST_MOMENTS_ALL;
	assert_false(was_shown(&lined, number_of(3), &moments));
	teardown(&lined);
}

static void a_moment_is_over_when_what_is_read_came_behind_it(void **state)
{
	(void)state;
	struct lined lined;
	struct guest_moments moments = GUEST_MOMENTS_ALL;

	setup(&lined, 4096);
	lined.guest.plan_answer_size = 512 << 10;
	plan_moments(&lined);
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	assert_int_equal(number_at(&lined, DIRECT + number_of(3).value), 3);
	assert_true(was_shown(&lined, number_of(3), &moments));
	assert_int_equal(number_at(&lined, DIRECT + number_of(9).value), 9);
	assert_int_equal(lined.guest.memory.question_count, 1);
	moments = GUEST_MOMENTS_ALL;
	assert_false(was_shown(&lined, number_of(3), &moments));
	moments = GUEST_MOMENTS_ALL;
	assert_true(was_shown(&lined, number_of(9), &moments));
	teardown(&lined);
}

static void change_a_number(struct fake_guest *guest)
{
	memset(fake_guest_at(guest, number_of(3).value), 0xff, 1);
}

static void what_changed_while_it_was_copied_has_no_moment(void **state)
{
	(void)state;
	struct lined lined;
	struct guest_moments moments = GUEST_MOMENTS_ALL;

	setup(&lined, 4096);
	lined.guest.plan_answer_size = 512 << 10;
	plan_moments(&lined);
	lined.guest.between = change_a_number;
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	/* Before node 3 was copied it changed for the first time, and never again. */
	assert_true(was_shown(&lined, number_of(3), &moments));
	moments = GUEST_MOMENTS_ALL;
	*(uint8_t *)fake_guest_at(&lined.guest, number_of(3).value) = 3;
	assert_int_equal(guest_memory_refresh(&lined.guest.memory), STATUS_OK);
	/* This time when it, and only it, was. */
	lined.plan.step[1] =
		(struct plan_step){.type = PLAN_START_AT, .depth = 1, .value = DIRECT + number_of(3).value - 200};
	guest_memory_run_plan(&lined.guest.memory, &lined.plan);
	assert_int_equal(number_at(&lined, DIRECT + number_of(3).value), 3);
	assert_false(was_shown(&lined, number_of(3), &moments));
	teardown(&lined);
}

static void too_little_storage_is_refused(void **state)
{
	(void)state;
	struct lined lined;

	setup(&lined, LINE_COUNT);
	size_t least = guest_memory_lines_storage_size(GUEST_MEMORY_LINES_MIN);
	assert_int_equal(guest_memory_lines_init(&lined.guest.memory, lined.storage, least - 64), STATUS_USAGE);
	assert_int_equal(guest_memory_lines_init(&lined.guest.memory, (char *)lined.storage + 8, least), STATUS_USAGE);
	assert_int_equal(guest_memory_lines_init(&lined.guest.memory, lined.storage, least), STATUS_OK);
	teardown(&lined);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_walk_after_its_plan_asks_for_nothing_more),
		cmocka_unit_test(a_plan_that_stopped_goes_on_when_the_walk_comes_there),
		cmocka_unit_test(what_is_no_part_of_an_answer_moves_a_walk_nowhere),
		cmocka_unit_test(what_a_walk_comes_back_to_outlasts_a_ring_of_others),
		cmocka_unit_test(what_is_kept_leaves_room_for_others),
		cmocka_unit_test(a_ring_smaller_than_an_answer_costs_pages_and_nothing_else),
		cmocka_unit_test(a_walk_is_the_same_without_plans),
		cmocka_unit_test(a_page_copied_later_has_the_bytes_that_a_plan_brought),
		cmocka_unit_test(a_plan_brings_nothing_newer_than_what_was_seen),
		cmocka_unit_test(what_a_plan_brought_ends_with_its_epoch),
		cmocka_unit_test(an_epoch_with_other_lines_finds_none_of_the_one_before),
		cmocka_unit_test(an_answer_with_what_is_no_ram_ends_the_plan),
		cmocka_unit_test(pointers_into_lines_hold_until_the_generation_changes),
		cmocka_unit_test(what_a_moment_had_is_told_from_what_two_had),
		cmocka_unit_test(an_answer_of_a_target_that_stood_still_is_one_moment),
		cmocka_unit_test(without_the_mark_an_answer_is_no_moment),
		cmocka_unit_test(what_two_moments_had_was_there_in_between),
		cmocka_unit_test(a_moment_says_nothing_of_what_this_epoch_had_otherwise_before),
		cmocka_unit_test(what_changed_while_it_was_copied_has_no_moment),
		cmocka_unit_test(a_moment_is_over_when_something_else_is_copied),
		cmocka_unit_test(a_page_that_nothing_is_made_of_ends_no_moment),
		cmocka_unit_test(a_moment_is_over_when_a_later_plan_brings_what_is_read),
		cmocka_unit_test(a_moment_is_over_when_what_is_read_came_behind_it),
		cmocka_unit_test(too_little_storage_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
