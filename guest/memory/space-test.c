/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/space.h"

#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "guest/memory/fake-guest.h"

enum {
	RAM_SIZE = 4 << 20,
	ROOT = 0x1000,
	TABLES = 0x10000,
	DATA = 0x200000,
	ALL = FAKE_PRESENT | FAKE_WRITABLE | FAKE_USER,
};

static const uint64_t KERNEL = 0xffff888000000000;

struct world {
	struct fake_guest guest;
	struct guest_space space;
	uint64_t next_table;
};

static void world_init(struct world *world, uint32_t level_count)
{
	struct ram_range range = {{0}, RAM_SIZE};

	fake_guest_init(&world->guest, &range, 1, FAKE_CACHE_PAGES);
	world->space = (struct guest_space){{ROOT}, level_count, GUEST_PHYSICAL_BITS_MAX};
	world->next_table = TABLES;
}

static void world_deinit(struct world *world)
{
	fake_guest_deinit(&world->guest);
}

static void map(struct world *world, uint64_t address, uint64_t physical, uint64_t flags)
{
	fake_guest_map(&world->guest, &world->space, address, physical, flags, &world->next_table);
}

static status translate(struct world *world, uint64_t address, struct guest_mapping *ret_mapping)
{
	return guest_space_translate(&world->guest.memory, &world->space, (struct guest_va){address}, ret_mapping);
}

static status status_at(struct world *world, uint64_t address)
{
	struct guest_mapping mapping;

	return translate(world, address, &mapping);
}

static void a_small_page_is_found_on_four_and_five_levels(void **state)
{
	(void)state;
	for (uint32_t level_count = 4; level_count <= 5; level_count++) {
		uint64_t address = level_count == 4 ? KERNEL : 0xff11000000000000;
		struct guest_mapping mapping;
		struct world world;

		world_init(&world, level_count);
		map(&world, address, DATA, ALL);
		assert_int_equal(translate(&world, address + 0x123, &mapping), STATUS_OK);
		assert_int_equal(mapping.address.value, DATA + 0x123);
		assert_int_equal(mapping.page_size, 4096);
		assert_int_equal(status_at(&world, address + 0x1000), STATUS_UNMAPPED);
		world_deinit(&world);
	}
}

static void large_pages_keep_the_offset_within_them(void **state)
{
	(void)state;
	struct guest_mapping mapping;
	struct world world;

	world_init(&world, 4);
	fake_guest_entry(&world.guest, ROOT, 0x111, 0x2000 | ALL);
	fake_guest_entry(&world.guest, 0x2000, 0, 0x3000 | ALL);
	/* 1 GiB page with PAT (bit 12) set: no reserved bit. */
	fake_guest_entry(&world.guest, 0x2000, 1, 0x40000000 | 0x1000 | FAKE_LARGE | ALL);
	fake_guest_entry(&world.guest, 0x3000, 5, 0x200000 | FAKE_LARGE | ALL);
	assert_int_equal(translate(&world, KERNEL + 5 * 0x200000 + 0x12345, &mapping), STATUS_OK);
	assert_int_equal(mapping.address.value, 0x200000 + 0x12345);
	assert_int_equal(mapping.page_size, 2 << 20);
	assert_int_equal(translate(&world, KERNEL + 0x40000000 + 0x1234567, &mapping), STATUS_OK);
	assert_int_equal(mapping.address.value, 0x40000000 + 0x1234567);
	assert_int_equal(mapping.page_size, 1 << 30);
	world_deinit(&world);
}

static void rights_are_those_of_all_levels_together(void **state)
{
	(void)state;
	struct guest_mapping mapping;
	struct world world;

	world_init(&world, 4);
	map(&world, KERNEL, DATA, ALL);
	map(&world, KERNEL + 0x1000, DATA, FAKE_PRESENT | FAKE_NO_EXECUTE);
	assert_int_equal(translate(&world, KERNEL, &mapping), STATUS_OK);
	assert_true(mapping.user && mapping.writable && mapping.executable);
	assert_int_equal(translate(&world, KERNEL + 0x1000, &mapping), STATUS_OK);
	assert_false(mapping.user || mapping.writable || mapping.executable);
	/* The root entry takes away what the leaf gives. */
	fake_guest_entry(&world.guest, ROOT, 0x111, TABLES | FAKE_PRESENT | FAKE_NO_EXECUTE);
	assert_int_equal(guest_memory_refresh(&world.guest.memory), STATUS_OK);
	assert_int_equal(translate(&world, KERNEL, &mapping), STATUS_OK);
	assert_false(mapping.user || mapping.writable || mapping.executable);
	world_deinit(&world);
}

static void translate_stops_at_a_table_that_points_to_itself(void **state)
{
	(void)state;
	for (uint32_t level_count = 4; level_count <= 5; level_count++) {
		struct guest_mapping mapping;
		struct world world;

		world_init(&world, level_count);
		for (uint32_t i = 0; i < 512; i++)
			fake_guest_entry(&world.guest, ROOT, i, ROOT | ALL);
		assert_int_equal(translate(&world, KERNEL | 0x5678, &mapping), STATUS_OK);
		assert_int_equal(mapping.address.value, ROOT | 0x678);
		assert_int_equal(world.guest.memory.fetched_pages, 1);
		world_deinit(&world);
	}
}

static void non_canonical_addresses_are_unmapped(void **state)
{
	(void)state;
	struct world world;

	world_init(&world, 4);
	for (uint32_t i = 0; i < 512; i++)
		fake_guest_entry(&world.guest, ROOT, i, ROOT | ALL);
	assert_int_equal(status_at(&world, 0x00007fffffffffff), STATUS_OK);
	assert_int_equal(status_at(&world, 0x0000800000000000), STATUS_UNMAPPED);
	assert_int_equal(status_at(&world, 0xffff7fffffffffff), STATUS_UNMAPPED);
	assert_int_equal(status_at(&world, 0xffff800000000000), STATUS_OK);
	assert_int_equal(status_at(&world, 0x7ffead0000000000), STATUS_UNMAPPED);
	world.space.level_count = 5;
	assert_int_equal(status_at(&world, 0x0000800000000000), STATUS_OK);
	assert_int_equal(status_at(&world, 0x0100000000000000), STATUS_UNMAPPED);
	world_deinit(&world);
}

static void a_table_outside_ram_is_unmapped(void **state)
{
	(void)state;
	struct world world;
	uint8_t byte;

	world_init(&world, 4);
	fake_guest_entry(&world.guest, ROOT, 0x111, RAM_SIZE | ALL);
	assert_int_equal(status_at(&world, KERNEL), STATUS_UNMAPPED);
	world.space.root.value = 0xfffffffff000;
	assert_int_equal(status_at(&world, KERNEL), STATUS_UNMAPPED);
	/* A leaf may point at a device: translated, but not readable. */
	world.space.root.value = ROOT;
	map(&world, 0x400000, 0xfee00000, ALL);
	assert_int_equal(guest_memory_refresh(&world.guest.memory), STATUS_OK);
	assert_int_equal(status_at(&world, 0x400000), STATUS_OK);
	assert_int_equal(guest_space_read(&world.guest.memory, &world.space, (struct guest_va){0x400000}, &byte, 1),
			 STATUS_UNMAPPED);
	world_deinit(&world);
}

/* SDM vol. 3A, 4.5.4: what makes the CPU fault with RSVD. */
static void reserved_bits_are_malformed(void **state)
{
	(void)state;
	const struct {
		uint64_t table;
		uint32_t index;
		uint64_t entry;
		status expected;
	} cases[] = {
		{ROOT, 0x111, TABLES | ALL | FAKE_LARGE, STATUS_MALFORMED}, /* PS in the PML4 */
		{TABLES, 0, 0x40000000 | 0x2000 | FAKE_LARGE | ALL, STATUS_MALFORMED}, /* 1 GiB, bit 13 */
		{TABLES + 0x1000, 0, DATA | 0x2000 | FAKE_LARGE | ALL, STATUS_MALFORMED}, /* 2 MiB, bit 13 */
		{TABLES + 0x1000, 0, DATA | 0x1000 | FAKE_LARGE | ALL, STATUS_OK}, /* 2 MiB, PAT */
		{TABLES + 0x2000, 0, DATA | ALL | 1ULL << 45, STATUS_MALFORMED}, /* beyond MAXPHYADDR */
		{TABLES + 0x2000, 0, DATA | ALL | 0x7ffULL << 52, STATUS_OK}, /* software's bits */
		{TABLES + 0x2000, 0, (DATA | 1ULL << 45) & ~1ULL, STATUS_UNMAPPED}, /* not present: anything goes */
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct world world;

		world_init(&world, 4);
		world.space.physical_bits = 40;
		map(&world, KERNEL, DATA, ALL);
		fake_guest_entry(&world.guest, cases[i].table, cases[i].index, cases[i].entry);
		assert_int_equal(status_at(&world, KERNEL), cases[i].expected);
		world_deinit(&world);
	}
}

static void reads_cross_pages_and_stop_at_a_hole(void **state)
{
	(void)state;
	struct world world;
	uint8_t bytes[8192];

	world_init(&world, 4);
	map(&world, KERNEL, DATA + 0x3000, ALL);
	map(&world, KERNEL + 0x1000, DATA, ALL);
	memset(fake_guest_at(&world.guest, DATA + 0x3000), 'a', 4096);
	memset(fake_guest_at(&world.guest, DATA), 'b', 4096);
	struct guest_va start = {KERNEL + 0xff0};
	assert_int_equal(guest_space_read(&world.guest.memory, &world.space, start, bytes, 32), STATUS_OK);
	assert_memory_equal(bytes, "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb", 32);
	assert_int_equal(guest_space_read(&world.guest.memory, &world.space, start, bytes, 0x1011), STATUS_UNMAPPED);
	assert_int_equal(guest_space_read(&world.guest.memory, &world.space, (struct guest_va){1}, bytes, 0),
			 STATUS_OK);
	world_deinit(&world);
}

/* Megabytes through scattered pages: right, and without evicting. */
static void a_long_read_follows_scattered_pages(void **state)
{
	(void)state;
	enum { PAGES = 200 };
	struct world world;
	uint8_t *copy = malloc(PAGES * 4096);

	world_init(&world, 4);
	for (uint64_t i = 0; i < PAGES; i++) {
		uint64_t physical = DATA + (i * 7 % PAGES) * 4096;

		map(&world, KERNEL + i * 4096, physical, ALL);
		memset(fake_guest_at(&world.guest, physical), (int)i, 4096);
	}
	struct guest_va start = {KERNEL + 1};
	size_t size = PAGES * 4096 - 2;
	uint64_t generation = world.guest.memory.generation;
	assert_int_equal(guest_space_read(&world.guest.memory, &world.space, start, copy, size), STATUS_OK);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(copy[i], (uint8_t)((i + 1) / 4096));
	assert_int_equal(world.guest.memory.generation, generation);
	assert_int_equal(guest_space_read(&world.guest.memory, &world.space, start, copy, size + 2), STATUS_UNMAPPED);
	free(copy);
	world_deinit(&world);
}

static void a_string_ends_at_its_nul_or_at_the_limit(void **state)
{
	(void)state;
	struct world world;
	char text[64];

	world_init(&world, 4);
	map(&world, KERNEL, DATA, ALL);
	memcpy(fake_guest_at(&world.guest, DATA + 4090), "hello", 6);
	struct guest_va start = {KERNEL + 4090};
	assert_int_equal(guest_space_read_string(&world.guest.memory, &world.space, start, text, sizeof text),
			 STATUS_OK);
	assert_string_equal(text, "hello");
	assert_int_equal(guest_space_read_string(&world.guest.memory, &world.space, start, text, 5), STATUS_LIMIT);
	memset(fake_guest_at(&world.guest, DATA + 4090), 'x', 6);
	assert_int_equal(guest_memory_refresh(&world.guest.memory), STATUS_OK);
	assert_int_equal(guest_space_read_string(&world.guest.memory, &world.space, start, text, sizeof text),
			 STATUS_UNMAPPED);
	world_deinit(&world);
}

static void translations_of_an_epoch_agree_even_if_tables_change(void **state)
{
	(void)state;
	struct guest_mapping mapping;
	struct world world;

	world_init(&world, 4);
	map(&world, KERNEL, DATA, ALL);
	assert_int_equal(translate(&world, KERNEL, &mapping), STATUS_OK);
	map(&world, KERNEL, DATA + 0x1000, ALL);
	assert_int_equal(translate(&world, KERNEL, &mapping), STATUS_OK);
	assert_int_equal(mapping.address.value, DATA);
	/* Another root isn't answered from this one's translations. */
	struct guest_space other = guest_space_with_root(&world.space, (struct guest_pa){0x5000});
	assert_int_equal(guest_space_translate(&world.guest.memory, &other, (struct guest_va){KERNEL}, &mapping),
			 STATUS_UNMAPPED);
	assert_int_equal(guest_memory_refresh(&world.guest.memory), STATUS_OK);
	assert_int_equal(translate(&world, KERNEL, &mapping), STATUS_OK);
	assert_int_equal(mapping.address.value, DATA + 0x1000);
	world_deinit(&world);
}

static void next_finds_every_mapping_and_skips_the_rest(void **state)
{
	(void)state;
	const uint64_t expected[] = {0x400000, 0x7ffffffff000, KERNEL, 0xffffffff81000000, 0xfffffffffffff000};
	struct world world;
	struct guest_va at = {0};

	world_init(&world, 4);
	for (size_t i = 0; i < 5; i++)
		map(&world, expected[i], DATA, ALL);
	for (size_t i = 0; i < 5; i++) {
		struct guest_mapping mapping;

		assert_int_equal(guest_space_next(&world.guest.memory, &world.space, at, (struct guest_va){~0ULL},
						  1 << 20, &at, &mapping),
				 STATUS_OK);
		assert_int_equal(at.value, expected[i]);
		at.value += mapping.page_size;
	}
	assert_int_equal(at.value, 0);
	struct guest_mapping mapping;
	at.value = KERNEL + 0x1000;
	assert_int_equal(guest_space_next(&world.guest.memory, &world.space, at, (struct guest_va){0xffffffff80000000},
					  1 << 20, &at, &mapping),
			 STATUS_END);
	assert_int_equal(
		guest_space_next(&world.guest.memory, &world.space, at, (struct guest_va){~0ULL}, 100, &at, &mapping),
		STATUS_LIMIT);
	world_deinit(&world);
}

static void registers_name_the_space_and_its_kernel_half(void **state)
{
	(void)state;
	struct cpu_registers registers = {
		.cr0 = 0x80050033, .cr3 = 0x8000000012345803, .cr4 = 0x1020 | 0x6b0, .efer = 0xd01};
	struct guest_space space, kernel;

	assert_int_equal(guest_space_from_registers(&registers, &space, &kernel), STATUS_OK);
	assert_int_equal(space.root.value, 0x12345000);
	assert_int_equal(kernel.root.value, 0x12344000);
	assert_int_equal(space.level_count, 5);
	registers.cr4 &= ~0x1000ULL;
	assert_int_equal(guest_space_from_registers(&registers, &space, &kernel), STATUS_OK);
	assert_int_equal(space.level_count, 4);
	registers.efer = 0;
	assert_int_equal(guest_space_from_registers(&registers, &space, &kernel), STATUS_UNSUPPORTED);
	registers.efer = 0xd01;
	registers.cr0 = 0x33;
	assert_int_equal(guest_space_from_registers(&registers, &space, &kernel), STATUS_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_page_is_found_on_four_and_five_levels),
		cmocka_unit_test(large_pages_keep_the_offset_within_them),
		cmocka_unit_test(rights_are_those_of_all_levels_together),
		cmocka_unit_test(translate_stops_at_a_table_that_points_to_itself),
		cmocka_unit_test(non_canonical_addresses_are_unmapped),
		cmocka_unit_test(a_table_outside_ram_is_unmapped),
		cmocka_unit_test(reserved_bits_are_malformed),
		cmocka_unit_test(reads_cross_pages_and_stop_at_a_hole),
		cmocka_unit_test(a_long_read_follows_scattered_pages),
		cmocka_unit_test(a_string_ends_at_its_nul_or_at_the_limit),
		cmocka_unit_test(translations_of_an_epoch_agree_even_if_tables_change),
		cmocka_unit_test(next_finds_every_mapping_and_skips_the_rest),
		cmocka_unit_test(registers_name_the_space_and_its_kernel_half),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
