/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <stdlib.h>
#include <string.h>

#include "firmware/handler/window.h"

#define GIB (UINT64_C(1) << 30)
#define TABLES_AT UINT64_C(0x7f000000) /* physical */

static struct firmware_table *tables;
static uint32_t table_count;
static struct firmware_map map;
static struct firmware_window window;

static int setup(void **state)
{
	(void)state;
	firmware_map_init(&map);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(tables);
	tables = NULL;
	return 0;
}

static void add_ram(uint64_t start, uint64_t size)
{
	assert_int_equal(firmware_map_add_ram(&map, (struct guest_pa){start}, size), STATUS_OK);
}

static void forbid(uint64_t start, uint64_t size)
{
	assert_int_equal(firmware_map_forbid(&map, (struct guest_pa){start}, size), STATUS_OK);
}

static status build(uint32_t levels, bool has_1g_pages, uint32_t count)
{
	free(tables);
	table_count = count;
	tables = aligned_alloc(4096, (size_t)count * sizeof *tables);
	assert_non_null(tables);
	memset(tables, 0xa5, (size_t)count * sizeof *tables);
	const struct firmware_window_place place = {tables, TABLES_AT, count, levels, has_1g_pages};
	return firmware_window_init(&window, &map, &place);
}

/* What the CPU makes of an address (SDM vol. 3A, 4.5), written down once more: the entry that maps it, with all
 * levels' rights in it. 0: nothing does. */
static uint64_t look_up(uint32_t levels, uint64_t address)
{
	uint64_t table = window.root, rights = 2, no_execute = 0;

	for (int shift = 12 + 9 * ((int)levels - 1);; shift -= 9) {
		assert_true(table >= TABLES_AT && table - TABLES_AT < table_count * UINT64_C(4096));
		const uint64_t entry = tables[(table - TABLES_AT) / 4096].entry[address >> shift & 511];

		if ((entry & 1) == 0)
			return 0;
		assert_int_equal(entry & 4, 0); /* user */
		rights &= entry;
		no_execute |= entry >> 63;
		table = entry & UINT64_C(0x000ffffffffff000);
		if (shift == 12 || (entry & 0x80) != 0) {
			assert_true(shift <= 30);
			assert_int_equal(table & ((UINT64_C(1) << shift) - 1), 0);
			assert_int_equal(no_execute, 1);
			return (table | (address & ((UINT64_C(1) << shift) - 1) & ~UINT64_C(4095))) | rights | 1;
		}
	}
}

static void check_page(uint32_t levels, uint64_t page)
{
	const uint64_t found = look_up(levels, window.base + page);

	if (firmware_map_is_open(&map, (struct guest_pa){page}, 4096))
		assert_int_equal(found, page | 1); /* present, not writable */
	else
		assert_int_equal(found, 0);
}

static void all_open_memory_is_there_to_be_read_and_nothing_else(void **state)
{
	(void)state;
	add_ram(0x1000, 0x9f000);
	add_ram(0x100000, 0x7f000000 - 0x100000);
	add_ram(4 * GIB, 2 * GIB + 0x3000);
	forbid(0x7e7ff000, 0x2000); /* across the border of two pages of 2 MiB */
	forbid(5 * GIB + 0x200000, 0x1000);
	for (uint32_t levels = 4; levels <= 5; levels++) {
		for (int large = 0; large <= 1; large++) {
			assert_int_equal(build(levels, large == 1, firmware_window_table_count(&map)), STATUS_OK);
			for (uint64_t page = 0; page < 0x200000; page += 4096)
				check_page(levels, page);
			for (uint64_t page = 0x7e400000; page < 0x80000000; page += 4096)
				check_page(levels, page);
			for (uint64_t page = 5 * GIB; page < 5 * GIB + 0x400000; page += 4096)
				check_page(levels, page);
			for (uint64_t page = 6 * GIB - 0x200000; page < 6 * GIB + 0x400000; page += 4096)
				check_page(levels, page);
			for (uint64_t page = 0; page < 16 * GIB; page += 0x1ff000)
				check_page(levels, page);
			/* The lower half is SMM's. */
			for (uint32_t i = 0; i < 256; i++)
				assert_int_equal(window.top->entry[i], 0);
		}
	}
}

static void only_the_buffers_pages_can_be_written(void **state)
{
	const struct guest_pa pages[] = {{0x5000}, {0x9000}, {0x102000}};

	(void)state;
	add_ram(0, 0x400000);
	for (uint32_t levels = 4; levels <= 5; levels++) {
		assert_int_equal(build(levels, true, firmware_window_table_count(&map)), STATUS_OK);
		assert_int_equal(firmware_window_writable(&window, pages[0]), 0);
		firmware_window_set_writable(&window, pages, 3);
		for (uint32_t i = 0; i < 3; i++) {
			const struct guest_pa at = {pages[i].value + 0x123};

			assert_int_equal(firmware_window_writable(&window, at),
					 window.buffer_base + i * UINT64_C(4096) + 0x123);
			assert_int_equal(look_up(levels, window.buffer_base + i * UINT64_C(4096)), pages[i].value | 3);
			check_page(levels, pages[i].value);
		}
		assert_int_equal(firmware_window_writable(&window, (struct guest_pa){0x6000}), 0);
		firmware_window_set_writable(&window, pages + 1, 1);
		assert_int_equal(look_up(levels, window.buffer_base), pages[1].value | 3);
		assert_int_equal(firmware_window_writable(&window, pages[0]), 0);
		firmware_window_set_writable(&window, NULL, 0);
		for (uint32_t i = 0; i < 512; i++)
			assert_int_equal(look_up(levels, window.buffer_base + i * UINT64_C(4096)), 0);
	}
}

static void a_machine_without_large_pages_or_with_many_ranges_has_tables_enough(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < RAM_RANGE_COUNT_MAX; i++)
		add_ram(i * 37 * GIB + 0x1000, 36 * GIB + 0x201000);
	for (uint64_t i = 0; i < FIRMWARE_FORBIDDEN_COUNT_MAX; i++)
		forbid(i * 41 * GIB + 0x5000, GIB + 0x1000);
	assert_int_equal(build(4, false, firmware_window_table_count(&map)), STATUS_OK);
	for (uint64_t page = 0; page < 64 * 37 * GIB; page += 0x3fff000)
		check_page(4, page);
}

static void what_does_not_fit_is_refused(void **state)
{
	(void)state;
	add_ram(0, 3 * GIB);
	for (uint32_t count = 1; count < 8; count++)
		assert_int_equal(build(5, false, count), STATUS_LIMIT);
	add_ram(UINT64_C(255) << 39, GIB);
	assert_int_equal(build(4, true, firmware_window_table_count(&map)), STATUS_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_open_memory_is_there_to_be_read_and_nothing_else, setup, teardown),
		cmocka_unit_test_setup_teardown(only_the_buffers_pages_can_be_written, setup, teardown),
		cmocka_unit_test_setup_teardown(a_machine_without_large_pages_or_with_many_ranges_has_tables_enough,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
