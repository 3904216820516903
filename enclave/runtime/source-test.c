/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <stdio.h>
#include <string.h>

#include "enclave/runtime/hostile-host.h"
#include "enclave/runtime/source.h"

static struct call_ram_map map_answer;
static struct call_registers registers_answer;
static struct call_range range_answer;
static int64_t page_answer;

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(many_pages_come_in_batches_and_in_order, setup),
		cmocka_unit_test_setup(a_page_that_failed_holds_nothing, setup),
		cmocka_unit_test_setup(answers_that_do_not_exist_are_malformed, setup),
		cmocka_unit_test_setup(a_ram_map_that_is_none_is_malformed, setup),
		cmocka_unit_test_setup(registers_of_another_cpu_are_malformed, setup),
		cmocka_unit_test_setup(populated_ram_never_lies_behind_the_search, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
