/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <stdio.h>
#include <string.h>

#include "enclave/runtime/hostile-host.h"
#include "enclave/runtime/source.h"
#include "guest/memory/plan-code.h"

static struct call_ram_map map_answer;
static struct call_registers registers_answer;
static struct call_range range_answer;
static int64_t page_answer;
/* What the host says of a plan's run; the runs behind RUN_OFFSET are the test's. */
static struct call_plan_answer plan_answer;
static uint8_t plan_runs[CALL_DATA_SIZE];
static struct call_plan plan_asked;
static uint64_t plan_room;

/* Pages hold their own number; the rest is what the test set. */
static void serve(struct call_slot *slot)
{
	uint8_t *data = hostile.window.data;

	switch (slot->number) {
	case CALL_SOURCE_READ_PAGES:
		for (uint64_t i = 0; i < slot->argument[1]; i++) {
			uint64_t address = ((uint64_t *)(data + slot->argument[0]))[i];

			memset(data + slot->argument[2] + i * 4096, (int)(address >> 12), 4096);
			((int64_t *)(data + slot->argument[3]))[i] = page_answer;
		}
		break;
	case CALL_SOURCE_RAM_MAP: memcpy(data, &map_answer, sizeof map_answer); break;
	case CALL_SOURCE_REGISTERS: memcpy(data, &registers_answer, sizeof registers_answer); break;
	case CALL_SOURCE_NEXT_POPULATED: memcpy(data, &range_answer, sizeof range_answer); break;
	case CALL_SOURCE_PLAN:
		memcpy(&plan_asked, data + slot->argument[0], sizeof plan_asked);
		memcpy(data + slot->argument[1], &plan_answer, sizeof plan_answer);
		plan_room = slot->argument[3];
		memcpy(data + slot->argument[2], plan_runs, slot->argument[3]);
		break;
	default: break;
	}
}

static int setup(void **state)
{
	(void)state;
	hostile_init();
	hostile.serve = serve;
	page_answer = STATUS_OK;
	memset(&map_answer, 0, sizeof map_answer);
	memset(&plan_answer, 0, sizeof plan_answer);
	return 0;
}

static void many_pages_come_in_batches_and_in_order(void **state)
{
	enum { COUNT = CALL_PAGE_COUNT_MAX * 2 + 3 };
	static uint8_t pages[COUNT][GUEST_PAGE_SIZE];
	struct page_source *source = runtime_source();
	struct guest_pa addresses[COUNT];
	status results[COUNT];

	for (size_t i = 0; i < COUNT; i++)
		addresses[i].value = (uint64_t)(COUNT - i) << 12;
	assert_int_equal(source->ops->read_pages(source, addresses, COUNT, pages, results), STATUS_OK);
	assert_int_equal(hostile.call_count, 3);
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(results[i], STATUS_OK);
		assert_int_equal(pages[i][4095], COUNT - i);
	}
}

static void a_page_that_failed_holds_nothing(void **state)
{
	struct page_source *source = runtime_source();
	struct guest_pa address = {0x5000};
	uint8_t page[1][GUEST_PAGE_SIZE];
	status result;

	page_answer = STATUS_UNMAPPED;
	assert_int_equal(source->ops->read_pages(source, &address, 1, page, &result), STATUS_OK);
	assert_int_equal(result, STATUS_UNMAPPED);
	assert_int_equal(page[0][0], 0);
}

static void answers_that_do_not_exist_are_malformed(void **state)
{
	struct page_source *source = runtime_source();
	struct guest_pa address = {0x5000};
	uint8_t page[1][GUEST_PAGE_SIZE];
	status result;

	page_answer = 77;
	assert_int_equal(source->ops->read_pages(source, &address, 1, page, &result), STATUS_OK);
	assert_int_equal(result, STATUS_MALFORMED);
	hostile.result = INT64_MAX;
	assert_int_equal(source->ops->check(source), STATUS_MALFORMED);
	hostile.result = STATUS_GONE;
	assert_int_equal(source->ops->check(source), STATUS_GONE);
}

static status ask_map(uint64_t count, uint64_t start, uint64_t size, uint64_t start2, uint64_t size2)
{
	struct page_source *source = runtime_source();
	struct ram_map map;

	map_answer.range_count = count;
	map_answer.range[0].start = start;
	map_answer.range[0].size = size;
	map_answer.range[1].start = start2;
	map_answer.range[1].size = size2;
	return source->ops->ram_map(source, &map);
}

static void a_ram_map_that_is_none_is_malformed(void **state)
{
	assert_int_equal(ask_map(2, 0, 0x8000, 0x10000, 0x1000), STATUS_OK);
	assert_int_equal(ask_map(0, 0, 0x8000, 0, 0), STATUS_MALFORMED);
	assert_int_equal(ask_map(65, 0, 0x8000, 0x10000, 0x1000), STATUS_MALFORMED);
	assert_int_equal(ask_map(UINT64_MAX, 0, 0x8000, 0x10000, 0x1000), STATUS_MALFORMED);
	assert_int_equal(ask_map(2, 0, 0x8000, 0x7000, 0x1000), STATUS_MALFORMED);
	assert_int_equal(ask_map(2, 0x10000, 0x1000, 0, 0x1000), STATUS_MALFORMED);
	assert_int_equal(ask_map(1, 0, 0x8001, 0, 0), STATUS_MALFORMED);
	assert_int_equal(ask_map(1, 0, 0, 0, 0), STATUS_MALFORMED);
	assert_int_equal(ask_map(1, UINT64_MAX - 0xfff, 0x2000, 0, 0), STATUS_MALFORMED);
}

static void registers_of_another_cpu_are_malformed(void **state)
{
	struct page_source *source = runtime_source();
	struct cpu_registers registers;

	registers_answer = (struct call_registers){.cr3 = 0x1000, .cpu_index = 2};
	assert_int_equal(source->ops->registers(source, 2, &registers), STATUS_OK);
	assert_int_equal(registers.cr3, 0x1000);
	assert_int_equal(source->ops->registers(source, 1, &registers), STATUS_MALFORMED);
	registers_answer.cpl = 1;
	assert_int_equal(source->ops->registers(source, 2, &registers), STATUS_MALFORMED);
}

static void populated_ram_never_lies_behind_the_search(void **state)
{
	struct page_source *source = runtime_source();
	struct ram_range range;
	const uint8_t *bytes = (const uint8_t *)"x";

	range_answer = (struct call_range){0x9000, 0x1000};
	assert_int_equal(source->ops->next_populated(source, (struct guest_pa){0x9000}, &range, &bytes), STATUS_OK);
	assert_null(bytes);
	assert_int_equal(source->ops->next_populated(source, (struct guest_pa){0xa000}, &range, &bytes),
			 STATUS_MALFORMED);
	range_answer.size = 0;
	assert_int_equal(source->ops->next_populated(source, (struct guest_pa){0x9000}, &range, &bytes),
			 STATUS_MALFORMED);
	hostile.result = STATUS_END;
	assert_int_equal(source->ops->next_populated(source, (struct guest_pa){0x9000}, &range, &bytes), STATUS_END);
}

static const struct plan some_plan = {
	.space = {.root = {0x1000}, .level_count = 4, .physical_bits = 52},
	.step_count = 1,
	.step = {{.type = PLAN_TAKE, .size = 8}},
	.line_count_max = 100,
	.node_count_max = 100,
};

/* Whatever comes, one run behind the other. */
struct collected {
	struct plan_sink sink;
	uint8_t runs[CALL_DATA_SIZE];
	size_t size;
	unsigned take_count;
};

static struct collected collected;

static status collect(struct plan_sink *sink, struct span runs)
{
	struct collected *to = (struct collected *)sink;

	assert_true(runs.size > 0 && runs.size <= sizeof to->runs - to->size);
	memcpy(to->runs + to->size, runs.data, runs.size);
	to->size += runs.size;
	to->take_count++;
	return STATUS_OK;
}

static status run_plan(struct plan_cursor *cursor)
{
	struct page_source *source = runtime_source();

	collected.sink.take = collect;
	collected.size = collected.take_count = 0;
	return source->ops->run_plan(source, &some_plan, cursor, &collected.sink);
}

/* Runs of these lengths, lines filled with the run's number. */
static size_t put_runs(const uint32_t *line_counts, size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t word = (1000 + i * 100) << 6 | (line_counts[i] - 1);

		memcpy(plan_runs + at, &word, sizeof word);
		memset(plan_runs + at + 8, (int)i, (size_t)line_counts[i] * 64);
		at += 8 + (size_t)line_counts[i] * 64;
	}
	return at;
}

static void a_plan_goes_out_and_its_answer_comes_in(void **state)
{
	const struct plan_cursor next = {.loop_count = 0, .step_index = 0, .next_line = 77};
	struct plan_cursor cursor = {.is_done = false};
	uint32_t counts[200];
	uint8_t code[PLAN_CODE_SIZE];

	for (size_t i = 0; i < 200; i++)
		counts[i] = (uint32_t)(1 + i % 64);
	counts[0] = counts[1] = counts[2] = counts[3] = 64; /* over the border of a part */
	size_t size = put_runs(counts, 80);
	plan_answer.run_size = size;
	plan_cursor_encode(&next, plan_answer.cursor);
	assert_int_equal(run_plan(&cursor), STATUS_OK);
	plan_encode(&some_plan, code);
	assert_memory_equal(plan_asked.plan, code, sizeof code);
	assert_int_equal(cursor.next_line, 77);
	assert_true(collected.take_count > 1);
	assert_int_equal(collected.size, size);
	assert_memory_equal(collected.runs, plan_runs, size);
	/* What has come can be asked for again from there. */
	plan_answer.run_size = 0;
	assert_int_equal(run_plan(&cursor), STATUS_OK);
	assert_memory_equal(plan_asked.cursor, plan_answer.cursor, sizeof plan_answer.cursor);
	assert_int_equal(collected.take_count, 0);
}

static void answers_to_plans_that_can_not_be_are_malformed(void **state)
{
	static const uint32_t counts[] = {64, 3};
	static const int64_t results[] = {STATUS_UNMAPPED, STATUS_MISSING, STATUS_END, STATUS_TORN, 77, -77, INT64_MIN};
	const uint64_t whole = put_runs(counts, 2);
	const uint64_t sizes[] = {CALL_DATA_SIZE - 8192 + 1, CALL_DATA_SIZE, UINT64_MAX, UINT64_MAX - 7, INT64_MAX};
	struct plan_cursor cursor = {.next_line = 5};

	for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
		hostile.result = results[i];
		assert_int_equal(run_plan(&cursor), STATUS_MALFORMED);
	}
	hostile.result = STATUS_OK;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		plan_answer.run_size = sizes[i];
		assert_int_equal(run_plan(&cursor), STATUS_MALFORMED);
	}
	assert_int_equal(plan_room, CALL_DATA_SIZE - 8192);
	plan_answer.run_size = whole;
	for (size_t i = 0; i < 8; i++) {
		plan_answer.cursor[i] = 0xff;
		assert_int_equal(run_plan(&cursor), STATUS_MALFORMED);
		plan_answer.cursor[i] = 0;
	}
	assert_int_equal(cursor.next_line, 5);
	assert_int_equal(run_plan(&cursor), STATUS_OK);
	assert_int_equal(cursor.next_line, 0);
}

static void what_stops_a_plan_is_passed_on(void **state)
{
	static const status results[] = {STATUS_GONE, STATUS_UNSUPPORTED, STATUS_DENIED, STATUS_IO};
	struct plan_cursor cursor = {.next_line = 5};

	for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
		hostile.result = results[i];
		assert_int_equal(run_plan(&cursor), results[i]);
		assert_int_equal(cursor.next_line, 5);
		assert_int_equal(collected.take_count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(many_pages_come_in_batches_and_in_order, setup),
		cmocka_unit_test_setup(a_page_that_failed_holds_nothing, setup),
		cmocka_unit_test_setup(answers_that_do_not_exist_are_malformed, setup),
		cmocka_unit_test_setup(a_ram_map_that_is_none_is_malformed, setup),
		cmocka_unit_test_setup(registers_of_another_cpu_are_malformed, setup),
		cmocka_unit_test_setup(populated_ram_never_lies_behind_the_search, setup),
		cmocka_unit_test_setup(a_plan_goes_out_and_its_answer_comes_in, setup),
		cmocka_unit_test_setup(answers_to_plans_that_can_not_be_are_malformed, setup),
		cmocka_unit_test_setup(what_stops_a_plan_is_passed_on, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
