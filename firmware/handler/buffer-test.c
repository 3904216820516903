/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <string.h>

#include "firmware/handler/fake-machine.h"

static struct fake_machine machine;
static struct firmware_buffer buffer;

static enum firmware_refusal find(void)
{
	return firmware_buffer_find(&machine.map, &machine.memory, &machine.caller, &buffer);
}

static int setup(void **state)
{
	(void)state;
	memset(&buffer, 0, sizeof buffer);
	fake_machine_init(&machine, 4, 0x234, 0x2100);
	return 0;
}

/* Whatever a test did: nothing was touched that the map doesn't allow. */
static int teardown(void **state)
{
	(void)state;
	bool is_tame = machine.wild_count == 0;
	fake_machine_deinit(&machine);
	return is_tame ? 0 : -1;
}

static uint64_t *leaf(uint32_t index)
{
	return fake_machine_entry(&machine, MACHINE_LEVEL_1, index);
}

static void expect_refused(enum firmware_refusal wanted)
{
	assert_int_equal(find(), wanted);
	assert_int_equal(buffer.page_count, 0);
	assert_int_equal(machine.write_count, 0);
}

static void the_pages_of_a_buffer_are_found_with_either_number_of_levels(void **state)
{
	(void)state;
	for (uint32_t levels = 4; levels <= 5; levels++) {
		fake_machine_deinit(&machine);
		fake_machine_init(&machine, levels, 0x234, 0x2100);
		assert_int_equal(find(), FIRMWARE_ACCEPTED);
		assert_int_equal(buffer.page_count, 3);
		assert_int_equal(buffer.offset, 0x234);
		assert_int_equal(buffer.pages[0].value, MACHINE_BUFFER);
		assert_int_equal(buffer.pages[2].value, MACHINE_BUFFER + 4 * GUEST_PAGE_SIZE);
	}
}

static void bytes_are_copied_across_pages_that_do_not_adjoin(void **state)
{
	uint8_t pattern[0x2100], back[sizeof pattern];

	(void)state;
	for (size_t i = 0; i < sizeof pattern; i++)
		pattern[i] = (uint8_t)(i * 31 + 7);
	assert_int_equal(find(), FIRMWARE_ACCEPTED);
	assert_int_equal(firmware_buffer_write(&buffer, &machine.memory, 0, pattern, sizeof pattern), STATUS_OK);
	assert_int_equal(firmware_buffer_read(&buffer, &machine.memory, 0, back, sizeof back), STATUS_OK);
	assert_memory_equal(pattern, back, sizeof back);
	/* By the pages themselves. */
	assert_memory_equal(machine.bytes + MACHINE_BUFFER + 0x234, pattern, GUEST_PAGE_SIZE - 0x234);
	assert_int_equal(machine.bytes[MACHINE_BUFFER + GUEST_PAGE_SIZE], 0);
	assert_memory_equal(machine.bytes + MACHINE_BUFFER + (size_t)2 * GUEST_PAGE_SIZE,
			    pattern + GUEST_PAGE_SIZE - 0x234, 16);
}

static void nothing_is_copied_beyond_the_buffer(void **state)
{
	uint8_t bytes[16] = {0};

	(void)state;
	assert_int_equal(find(), FIRMWARE_ACCEPTED);
	assert_int_equal(firmware_buffer_write(&buffer, &machine.memory, 0x2100 - 15, bytes, 16), STATUS_USAGE);
	assert_int_equal(firmware_buffer_write(&buffer, &machine.memory, 0x2101, bytes, 0), STATUS_USAGE);
	assert_int_equal(firmware_buffer_read(&buffer, &machine.memory, UINT32_MAX, bytes, 16), STATUS_USAGE);
	assert_int_equal(firmware_buffer_read(&buffer, &machine.memory, 0x2100 - 16, bytes, 16), STATUS_OK);
	assert_int_equal(machine.write_count, 0);
}

static void each_entry_is_read_once_and_what_it_becomes_changes_nothing(void **state)
{
	uint8_t byte = 0x5a;

	(void)state;
	machine.caller.buffer = MACHINE_VIRTUAL + 5;
	machine.caller.size = 10;
	machine.flips_after_read = true;
	assert_int_equal(find(), FIRMWARE_ACCEPTED);
	for (size_t i = 0; i < MACHINE_SIZE; i++)
		assert_true(machine.byte_reads[i] <= 1);
	/* The tables are gone; the page is known. */
	assert_int_equal(firmware_buffer_write(&buffer, &machine.memory, 9, &byte, 1), STATUS_OK);
	assert_int_equal(machine.bytes[MACHINE_BUFFER + 14], 0x5a);
}

static void a_caller_that_is_no_64_bit_user_is_refused(void **state)
{
	(void)state;
	machine.caller.registers.cpl = 0;
	expect_refused(FIRMWARE_NOT_USER);
	machine.caller.registers.cpl = 3;
	machine.caller.is_64_bit = false;
	expect_refused(FIRMWARE_NOT_64_BIT);
	machine.caller.is_64_bit = true;
	machine.caller.registers.efer = 0;
	expect_refused(FIRMWARE_NOT_64_BIT);
	machine.caller.registers.efer = 0x500;
	machine.caller.registers.cr0 = 1;
	expect_refused(FIRMWARE_NOT_64_BIT);
	assert_int_equal(machine.read_count, 0);
}

static void a_size_that_no_request_has_is_refused(void **state)
{
	static const uint64_t wrong[] = {0, FIRMWARE_BUFFER_SIZE_MAX + 1, UINT64_C(1) << 32, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		machine.caller.size = wrong[i];
		expect_refused(FIRMWARE_SIZE);
	}
	machine.caller.size = FIRMWARE_BUFFER_SIZE_MAX;
	machine.caller.buffer = MACHINE_VIRTUAL + GUEST_PAGE_SIZE - 1;
	assert_int_equal(find(), FIRMWARE_ACCEPTED);
	assert_int_equal(buffer.page_count, FIRMWARE_BUFFER_PAGE_COUNT_MAX);
}

static void an_address_in_the_kernels_half_or_in_none_is_refused(void **state)
{
	static const uint64_t wrong[] = {UINT64_C(0xffff888000000000), UINT64_C(0x0000800000000000),
					 UINT64_C(0x00007fffffffffff), UINT64_MAX,
					 UINT64_MAX - 0x2000,	       UINT64_C(0x1000000000000000)};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		machine.caller.buffer = wrong[i];
		expect_refused(FIRMWARE_ADDRESS);
	}
	assert_int_equal(machine.read_count, 0);
}

static void a_page_that_is_not_mapped_is_refused(void **state)
{
	(void)state;
	*leaf(2) &= ~UINT64_C(1);
	expect_refused(FIRMWARE_NOT_PRESENT);
	machine.caller.buffer = UINT64_C(0x1000);
	expect_refused(FIRMWARE_NOT_PRESENT);
}

static void a_page_that_the_caller_could_not_write_is_refused_at_every_level(void **state)
{
	static const struct {
		uint64_t table;
		uint32_t index;
	} places[] = {{MACHINE_LEVEL_1, 1},
		      {MACHINE_LEVEL_2, 0},
		      {MACHINE_LEVEL_3, 0},
		      {MACHINE_ROOT, MACHINE_VIRTUAL >> 39 & 511}};

	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		uint64_t *entry = fake_machine_entry(&machine, places[i].table, places[i].index);

		*entry &= ~UINT64_C(2);
		expect_refused(FIRMWARE_NOT_WRITABLE);
		*entry = (*entry | 2) & ~UINT64_C(4);
		expect_refused(FIRMWARE_NOT_WRITABLE);
		*entry |= 4;
	}
	assert_int_equal(find(), FIRMWARE_ACCEPTED);
}

static void a_page_outside_open_memory_is_refused(void **state)
{
	static const uint64_t wrong[] = {
		MACHINE_SMRAM,
		MACHINE_SMRAM + MACHINE_SMRAM_SIZE - GUEST_PAGE_SIZE,
		0xa0000,
		MACHINE_SIZE,
		UINT64_C(0xfee00000),
		UINT64_C(0x000ffffffffff000),
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		*leaf(1) = wrong[i] | MACHINE_ENTRY_FLAGS;
		expect_refused(FIRMWARE_NOT_RAM);
	}
}

static void a_table_outside_open_memory_is_not_read(void **state)
{
	(void)state;
	*fake_machine_entry(&machine, MACHINE_LEVEL_2, 0) = MACHINE_SMRAM | MACHINE_ENTRY_FLAGS;
	expect_refused(FIRMWARE_NOT_RAM);
	*fake_machine_entry(&machine, MACHINE_LEVEL_2, 0) = UINT64_C(0xfed00000) | MACHINE_ENTRY_FLAGS;
	expect_refused(FIRMWARE_NOT_RAM);
	machine.caller.registers.cr3 = MACHINE_SMRAM;
	expect_refused(FIRMWARE_NOT_RAM);
	machine.caller.registers.cr3 = UINT64_C(0x000ffffffffff000);
	expect_refused(FIRMWARE_NOT_RAM);
}

static void a_large_page_that_reaches_into_smram_is_refused_there_only(void **state)
{
	uint64_t *entry = fake_machine_entry(&machine, MACHINE_LEVEL_2, 0);

	(void)state;
	/* 2 MiB at 0: the first part is RAM, 0xa0000 a hole, all below SMRAM. */
	*entry = 0 | MACHINE_ENTRY_FLAGS | 0x80;
	machine.caller.buffer = MACHINE_VIRTUAL + 0x9e000;
	machine.caller.size = 0x2000;
	assert_int_equal(find(), FIRMWARE_ACCEPTED);
	assert_int_equal(buffer.pages[1].value, 0x9f000);
	memset(&buffer, 0, sizeof buffer);
	machine.caller.size = 0x2001;
	expect_refused(FIRMWARE_NOT_RAM);
	*entry = MACHINE_SMRAM | MACHINE_ENTRY_FLAGS | 0x80;
	expect_refused(FIRMWARE_NOT_RAM);
}

static void reserved_bits_in_an_entry_are_refused(void **state)
{
	(void)state;
	*fake_machine_entry(&machine, MACHINE_ROOT, MACHINE_VIRTUAL >> 39 & 511) |= 0x80;
	expect_refused(FIRMWARE_TABLES);
	*fake_machine_entry(&machine, MACHINE_ROOT, MACHINE_VIRTUAL >> 39 & 511) &= ~UINT64_C(0x80);
	*fake_machine_entry(&machine, MACHINE_LEVEL_2, 0) = 0x4000 | MACHINE_ENTRY_FLAGS | 0x80;
	expect_refused(FIRMWARE_TABLES);
}

static void tables_that_loop_end_after_as_many_steps_as_there_are_levels(void **state)
{
	(void)state;
	machine.caller.size = 1;
	*fake_machine_entry(&machine, MACHINE_ROOT, MACHINE_VIRTUAL >> 39 & 511) = MACHINE_ROOT | MACHINE_ENTRY_FLAGS;
	*fake_machine_entry(&machine, MACHINE_ROOT, 0) = MACHINE_ROOT | MACHINE_ENTRY_FLAGS;
	/* The last "page" is the table itself, which is RAM like any other: the caller's own doing. */
	assert_int_equal(find(), FIRMWARE_ACCEPTED);
	assert_true(machine.read_count <= 4);
}

static void two_pages_that_are_one_are_refused(void **state)
{
	(void)state;
	*leaf(2) = *leaf(0);
	expect_refused(FIRMWARE_PAGE_TWICE);
}

static void a_map_knows_what_is_open(void **state)
{
	struct firmware_map map;

	(void)state;
	firmware_map_init(&map);
	assert_false(firmware_map_is_open(&map, (struct guest_pa){0}, 1));
	assert_int_equal(firmware_map_add_ram(&map, (struct guest_pa){0x1800}, 0x2000), STATUS_OK);
	assert_false(firmware_map_is_open(&map, (struct guest_pa){0x1800}, 0x10));
	assert_true(firmware_map_is_open(&map, (struct guest_pa){0x2000}, 0x1000));
	assert_false(firmware_map_is_open(&map, (struct guest_pa){0x2000}, 0x1001));
	assert_int_equal(firmware_map_add_ram(&map, (struct guest_pa){0x3000}, 0x1000), STATUS_OK);
	assert_int_equal(map.ram.range_count, 1);
	assert_true(firmware_map_is_open(&map, (struct guest_pa){0x2000}, 0x2000));
	assert_int_equal(firmware_map_add_ram(&map, (struct guest_pa){0x2000}, 0x1000), STATUS_MALFORMED);
	assert_int_equal(firmware_map_add_ram(&map, (struct guest_pa){UINT64_MAX - 5}, 0x1000), STATUS_MALFORMED);
	assert_int_equal(firmware_map_forbid(&map, (struct guest_pa){0x3fff}, 1), STATUS_OK);
	assert_false(firmware_map_is_open(&map, (struct guest_pa){0x3000}, 1));
	assert_true(firmware_map_is_open(&map, (struct guest_pa){0x2fff}, 1));
	assert_int_equal(firmware_map_forbid(&map, (struct guest_pa){UINT64_MAX}, 2), STATUS_MALFORMED);
	assert_false(firmware_map_is_open(&map, (struct guest_pa){UINT64_MAX}, 1));
	assert_false(firmware_map_is_open(&map, (struct guest_pa){0x2000}, UINT64_MAX));
}

static void a_large_buffer_costs_one_entry_for_each_page_and_a_way_there(void **state)
{
	(void)state;
	for (uint32_t levels = 4; levels <= 5; levels++) {
		fake_machine_deinit(&machine);
		fake_machine_init(&machine, levels, 0, FIRMWARE_BUFFER_SIZE_MAX);
		assert_int_equal(find(), FIRMWARE_ACCEPTED);
		assert_int_equal(buffer.page_count, FIRMWARE_BUFFER_SIZE_MAX / GUEST_PAGE_SIZE);
		assert_int_equal(machine.read_count, buffer.page_count + levels - 1);
	}
}

static void beyond_a_tables_end_the_next_one_decides(void **state)
{
	enum { NEXT_TABLE = 0x16000, PAGE = 0x180000, NEXT_PAGE = 0x182000 };
	uint64_t *entry = fake_machine_entry(&machine, MACHINE_LEVEL_2, 1);

	(void)state;
	*leaf(511) = PAGE | MACHINE_ENTRY_FLAGS;
	*fake_machine_entry(&machine, NEXT_TABLE, 0) = NEXT_PAGE | MACHINE_ENTRY_FLAGS;
	*entry = NEXT_TABLE | MACHINE_ENTRY_FLAGS;
	machine.caller.buffer = MACHINE_VIRTUAL + 511 * GUEST_PAGE_SIZE;
	machine.caller.size = 2 * GUEST_PAGE_SIZE;
	assert_int_equal(find(), FIRMWARE_ACCEPTED);
	assert_int_equal(buffer.pages[0].value, PAGE);
	assert_int_equal(buffer.pages[1].value, NEXT_PAGE);
	memset(&buffer, 0, sizeof buffer);
	*entry = NEXT_TABLE | (MACHINE_ENTRY_FLAGS & ~UINT64_C(4)); /* the kernel's */
	expect_refused(FIRMWARE_NOT_WRITABLE);
	*entry = NEXT_TABLE | (MACHINE_ENTRY_FLAGS & ~UINT64_C(2)); /* read-only */
	expect_refused(FIRMWARE_NOT_WRITABLE);
	*entry = 0;
	expect_refused(FIRMWARE_NOT_PRESENT);
	*entry = MACHINE_SMRAM | MACHINE_ENTRY_FLAGS;
	expect_refused(FIRMWARE_NOT_RAM);
}

/* Of a machine with SGX: UEFI's map has the EPC as reserved memory (Linux's e820 too), between what is RAM. */
static void a_buffer_in_epc_is_refused(void **state)
{
	enum {
		RESERVED,
		LOADER_CODE,
		LOADER_DATA,
		RUNTIME_DATA = 6,
		CONVENTIONAL,
		ACPI_RECLAIM = 9,
		NVS,
		PERSISTENT = 14
	};
	enum { EPC = 0x180000, EPC_SIZE = 0x40000 };
	static const struct {
		uint32_t type;
		uint64_t start, size;
	} uefi[] = {
		{CONVENTIONAL, 0, 0xa0000},	   {LOADER_CODE, 0x100000, 0x40000},  {LOADER_DATA, 0x140000, 0x40000},
		{RESERVED, EPC, EPC_SIZE},	   {CONVENTIONAL, 0x1c0000, 0x10000}, {RUNTIME_DATA, 0x1d0000, 0x10000},
		{ACPI_RECLAIM, 0x1e0000, 0x10000}, {NVS, 0x1f0000, 0x10000},	      {PERSISTENT, 0x300000, 0x100000},
	};
	uint64_t count = 0;

	(void)state;
	firmware_map_init(&machine.map);
	for (size_t i = 0; i < sizeof uefi / sizeof *uefi; i++)
		if (firmware_map_is_system_memory(uefi[i].type))
			assert_int_equal(
				firmware_map_add_ram(&machine.map, (struct guest_pa){uefi[i].start}, uefi[i].size),
				STATUS_OK);
	assert_int_equal(find(), FIRMWARE_ACCEPTED);
	memset(&buffer, 0, sizeof buffer);
	/* A page of an enclave's in the middle of the buffer, at either end of the EPC; and tables in it. */
	for (uint64_t at = EPC; at <= EPC + EPC_SIZE; at += EPC_SIZE - GUEST_PAGE_SIZE) {
		*leaf(1) = at | MACHINE_ENTRY_FLAGS;
		expect_refused(FIRMWARE_NOT_RAM);
		assert_false(firmware_map_is_open(&machine.map, (struct guest_pa){at}, 1));
		count++;
	}
	assert_int_equal(count, 2);
	*fake_machine_entry(&machine, MACHINE_LEVEL_2, 0) = EPC | MACHINE_ENTRY_FLAGS;
	expect_refused(FIRMWARE_NOT_RAM);
	for (size_t i = 5; i < sizeof uefi / sizeof *uefi; i++)
		assert_int_equal(firmware_map_is_open(&machine.map, (struct guest_pa){uefi[i].start}, GUEST_PAGE_SIZE),
				 uefi[i].type == ACPI_RECLAIM);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_pages_of_a_buffer_are_found_with_either_number_of_levels),
		TEST(bytes_are_copied_across_pages_that_do_not_adjoin),
		TEST(nothing_is_copied_beyond_the_buffer),
		TEST(each_entry_is_read_once_and_what_it_becomes_changes_nothing),
		TEST(a_caller_that_is_no_64_bit_user_is_refused),
		TEST(a_size_that_no_request_has_is_refused),
		TEST(an_address_in_the_kernels_half_or_in_none_is_refused),
		TEST(a_page_that_is_not_mapped_is_refused),
		TEST(a_page_that_the_caller_could_not_write_is_refused_at_every_level),
		TEST(a_page_outside_open_memory_is_refused),
		TEST(a_table_outside_open_memory_is_not_read),
		TEST(a_large_page_that_reaches_into_smram_is_refused_there_only),
		TEST(reserved_bits_in_an_entry_are_refused),
		TEST(tables_that_loop_end_after_as_many_steps_as_there_are_levels),
		TEST(two_pages_that_are_one_are_refused),
		TEST(a_large_buffer_costs_one_entry_for_each_page_and_a_way_there),
		TEST(beyond_a_tables_end_the_next_one_decides),
		TEST(a_buffer_in_epc_is_refused),
		cmocka_unit_test(a_map_knows_what_is_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
