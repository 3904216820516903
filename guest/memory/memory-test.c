/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/test.h"
#include "guest/memory/fake-guest.h"

enum {
	MIB = 1 << 20,
};

static void drop_message(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

static void guest_with(struct fake_guest *guest, uint64_t size, size_t cache_pages)
{
	struct ram_range range = {{0}, size};

	fake_guest_init(guest, &range, 1, cache_pages);
	/* Every page says its own number. */
	for (uint64_t page = 0; page < size / GUEST_PAGE_SIZE; page++)
		memcpy(fake_guest_at(guest, page * GUEST_PAGE_SIZE), &page, sizeof page);
}

static uint64_t number_at(struct fake_guest *guest, uint64_t page)
{
	uint64_t number = ~0ULL;

	assert_int_equal(guest_memory_read_physical(&guest->memory, (struct guest_pa){page * GUEST_PAGE_SIZE}, &number,
						    sizeof number),
			 STATUS_OK);
	return number;
}

static void a_page_changed_underneath_is_seen_after_refresh_only(void **state)
{
	(void)state;
	struct fake_guest guest;

	guest_with(&guest, MIB, FAKE_CACHE_PAGES);
	assert_int_equal(number_at(&guest, 5), 5);
	*fake_guest_at(&guest, 5 * GUEST_PAGE_SIZE) = 99;
	assert_int_equal(number_at(&guest, 5), 5);
	assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_OK);
	assert_int_equal(number_at(&guest, 5), 99);
	assert_int_equal(guest.memory.fetched_pages, 2);
	fake_guest_deinit(&guest);
}

static void every_page_keeps_its_bytes_while_the_cache_evicts(void **state)
{
	(void)state;
	struct fake_guest guest;
	uint64_t random = 1;

	guest_with(&guest, 4 * MIB, GUEST_MEMORY_CACHE_PAGES_MIN);
	for (int i = 0; i < 20000; i++) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		uint64_t page = (random >> 33) % 1024;
		assert_int_equal(number_at(&guest, page), page);
		if (i % 1000 == 999)
			assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_OK);
	}
	fake_guest_deinit(&guest);
}

/* The one page that may go lies where the clock's hand stands, and so is met twice. */
static void a_cache_full_of_used_pages_still_makes_room(void **state)
{
	(void)state;
	struct fake_guest guest;

	guest_with(&guest, MIB, GUEST_MEMORY_CACHE_PAGES_MIN);
	for (uint64_t page = 0; page < GUEST_MEMORY_CACHE_PAGES_MIN; page++)
		assert_int_equal(number_at(&guest, page), page);
	for (uint64_t page = 1; page < GUEST_MEMORY_CACHE_PAGES_MIN; page++)
		assert_int_equal(number_at(&guest, page), page);
	for (uint64_t page = 100; page < 140; page++)
		assert_int_equal(number_at(&guest, page), page);
	fake_guest_deinit(&guest);
}

static void the_generation_changes_with_eviction_and_refresh_only(void **state)
{
	(void)state;
	struct fake_guest guest;

	guest_with(&guest, MIB, FAKE_CACHE_PAGES);
	uint64_t before = guest.memory.generation;
	for (uint64_t page = 0; page < FAKE_CACHE_PAGES; page++)
		number_at(&guest, page);
	assert_int_equal(guest.memory.generation, before);
	number_at(&guest, FAKE_CACHE_PAGES);
	assert_int_equal(guest.memory.generation, before + 1);
	assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_OK);
	assert_int_equal(guest.memory.generation, before + 2);
	/* Pages of the last epoch make room without a word. */
	for (uint64_t page = 100; page < 100 + FAKE_CACHE_PAGES; page++)
		number_at(&guest, page);
	assert_int_equal(guest.memory.generation, before + 2);
	fake_guest_deinit(&guest);
}

static void a_pointer_stays_valid_while_the_generation_stays(void **state)
{
	(void)state;
	struct fake_guest guest;
	const uint8_t *page;

	guest_with(&guest, MIB, FAKE_CACHE_PAGES);
	assert_int_equal(guest_memory_page(&guest.memory, (struct guest_pa){7 * GUEST_PAGE_SIZE}, &page), STATUS_OK);
	uint64_t generation = guest.memory.generation;
	for (uint64_t other = 20; guest.memory.generation == generation; other++) {
		assert_int_equal(page[0], 7);
		number_at(&guest, other);
	}
	fake_guest_deinit(&guest);
}

static void a_used_page_outlives_a_long_scan_of_single_pages(void **state)
{
	(void)state;
	struct fake_guest guest;

	guest_with(&guest, MIB, FAKE_CACHE_PAGES);
	for (uint64_t page = 1; page < 256; page++) {
		number_at(&guest, page);
		number_at(&guest, 0);
	}
	assert_int_equal(guest.memory.fetched_pages, 256);
	fake_guest_deinit(&guest);
}

static void a_long_read_passes_the_cache_by_but_agrees_with_it(void **state)
{
	(void)state;
	struct fake_guest guest;
	uint8_t *copy = malloc(MIB);

	guest_with(&guest, MIB, FAKE_CACHE_PAGES);
	number_at(&guest, 100);
	uint64_t generation = guest.memory.generation;
	*fake_guest_at(&guest, 100 * GUEST_PAGE_SIZE) = 55;
	assert_int_equal(guest_memory_read_physical(&guest.memory, (struct guest_pa){8}, copy, MIB - 16), STATUS_OK);
	assert_int_equal(copy[100 * GUEST_PAGE_SIZE - 8], 100);
	assert_memory_equal(copy, fake_guest_at(&guest, 8), 100 * GUEST_PAGE_SIZE - 8);
	assert_memory_equal(copy + 101 * GUEST_PAGE_SIZE, fake_guest_at(&guest, 101 * GUEST_PAGE_SIZE + 8),
			    MIB - 16 - 101 * GUEST_PAGE_SIZE);
	assert_int_equal(guest.memory.generation, generation);
	assert_in_range(guest.batch_count, 4, 8);
	free(copy);
	fake_guest_deinit(&guest);
}

static void ask_ahead(struct fake_guest *guest, uint32_t ahead_pages)
{
	guest->source.ahead_pages = ahead_pages;
	guest->read_count = guest->batch_count = 0;
}

static void a_far_source_is_asked_once_for_many_pages_of_a_block(void **state)
{
	(void)state;
	struct fake_guest guest;

	guest_with(&guest, 4 * MIB, 256);
	ask_ahead(&guest, 16);
	for (uint64_t page = 0; page < 200; page++)
		assert_int_equal(number_at(&guest, page), page);
	assert_in_range(guest.read_count + guest.batch_count, 1, 100);
	fake_guest_deinit(&guest);
}

static void what_was_asked_for_before_is_asked_for_in_few_goes(void **state)
{
	(void)state;
	struct fake_guest guest;

	guest_with(&guest, 4 * MIB, 256);
	ask_ahead(&guest, 16);
	for (unsigned epoch = 0; epoch < 8; epoch++) {
		guest.read_count = guest.batch_count = 0;
		/* Far apart: no block holds two of them. */
		for (uint64_t page = 0; page < 1024; page += 16) {
			*fake_guest_at(&guest, page * GUEST_PAGE_SIZE + 8) = (uint8_t)epoch;
			assert_int_equal(number_at(&guest, page), page);
		}
		assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_OK);
	}
	assert_in_range(guest.read_count + guest.batch_count, 1, 16);
	fake_guest_deinit(&guest);
}

static void what_came_ahead_is_of_this_epoch_and_of_no_other(void **state)
{
	(void)state;
	struct fake_guest guest;

	guest_with(&guest, MIB, FAKE_CACHE_PAGES);
	ask_ahead(&guest, 16);
	for (unsigned epoch = 0; epoch < 4; epoch++) {
		for (uint64_t page = 0; page < 8; page++)
			memset(fake_guest_at(&guest, page * GUEST_PAGE_SIZE), (int)epoch, 8);
		assert_int_equal(number_at(&guest, 0), epoch * 0x0101010101010101ULL);
		for (uint64_t page = 0; page < 8; page++)
			assert_int_equal(number_at(&guest, page), epoch * 0x0101010101010101ULL);
		assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_OK);
	}
	fake_guest_deinit(&guest);
}

static void asking_ahead_stops_where_nobody_uses_what_it_brings(void **state)
{
	(void)state;
	struct fake_guest guest;

	guest_with(&guest, 32 * MIB, 64);
	ask_ahead(&guest, 16);
	for (uint64_t page = 0; page < 8192; page += 8)
		assert_int_equal(number_at(&guest, page), page);
	/* 1024 pages were wanted. */
	assert_in_range(guest.memory.fetched_pages, 1024, 1024 + 1024 / 4);
	fake_guest_deinit(&guest);
}

static void asking_ahead_at_random_never_shows_another_page(void **state)
{
	(void)state;
	uint64_t random = 7;

	for (size_t cache_pages = GUEST_MEMORY_CACHE_PAGES_MIN; cache_pages < 200; cache_pages += 31) {
		struct fake_guest guest;

		guest_with(&guest, 4 * MIB, cache_pages);
		for (int i = 0; i < 20000; i++) {
			random = random * 6364136223846793005ULL + 1442695040888963407ULL;
			/* Near the last one mostly, so that both succeed and fail. */
			uint64_t page = (random >> 33) % (i % 3 == 0 ? 1024 : 64);
			guest.source.ahead_pages = (uint32_t)(random >> 60) * 3;
			assert_int_equal(number_at(&guest, page), page);
			if (i % 500 == 499)
				assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_OK);
		}
		fake_guest_deinit(&guest);
	}
}

static void a_failure_while_asking_ahead_leaves_no_page(void **state)
{
	(void)state;
	struct fake_guest guest;
	const uint8_t *page;

	guest_with(&guest, MIB, FAKE_CACHE_PAGES);
	ask_ahead(&guest, 16);
	for (unsigned round = 0; round < 4; round++) {
		guest.gone = true;
		for (uint64_t number = 0; number < 40; number++)
			assert_int_equal(
				guest_memory_page(&guest.memory, (struct guest_pa){number * GUEST_PAGE_SIZE}, &page),
				STATUS_GONE);
		guest.gone = false;
		for (uint64_t number = 0; number < 40; number++)
			assert_int_equal(number_at(&guest, number), number);
		assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_OK);
	}
	fake_guest_deinit(&guest);
}

static void nothing_is_read_in_the_pci_hole(void **state)
{
	(void)state;
	const struct ram_range ranges[] = {{{0}, 16 * GUEST_PAGE_SIZE}, {{1ULL << 32}, 4 * GUEST_PAGE_SIZE}};
	struct fake_guest guest;
	uint8_t bytes[32];

	fake_guest_init(&guest, ranges, 2, FAKE_CACHE_PAGES);
	struct guest_pa end_of_low = {16 * GUEST_PAGE_SIZE - 16};
	assert_int_equal(guest_memory_read_physical(&guest.memory, end_of_low, bytes, 16), STATUS_OK);
	assert_int_equal(guest_memory_read_physical(&guest.memory, end_of_low, bytes, 17), STATUS_UNMAPPED);
	assert_int_equal(guest_memory_read_physical(&guest.memory, (struct guest_pa){~0ULL - 8}, bytes, 32),
			 STATUS_UNMAPPED);
	assert_true(guest_memory_is_ram(&guest.memory, (struct guest_pa){1ULL << 32}, 4 * GUEST_PAGE_SIZE));
	assert_false(guest_memory_is_ram(&guest.memory, (struct guest_pa){1ULL << 32}, 4 * GUEST_PAGE_SIZE + 1));
	assert_false(guest_memory_is_ram(&guest.memory, (struct guest_pa){(1ULL << 32) - 1}, 1));
	assert_int_equal(guest.read_count, 1);
	fake_guest_deinit(&guest);
}

static void ranges_that_touch_are_read_across(void **state)
{
	(void)state;
	const struct ram_range ranges[] = {{{0}, 2 * GUEST_PAGE_SIZE}, {{2 * GUEST_PAGE_SIZE}, GUEST_PAGE_SIZE}};
	struct fake_guest guest;
	uint8_t bytes[2 * GUEST_PAGE_SIZE];

	fake_guest_init(&guest, ranges, 2, FAKE_CACHE_PAGES);
	*fake_guest_at(&guest, 2 * GUEST_PAGE_SIZE) = 3;
	assert_int_equal(
		guest_memory_read_physical(&guest.memory, (struct guest_pa){GUEST_PAGE_SIZE}, bytes, sizeof bytes),
		STATUS_OK);
	assert_int_equal(bytes[GUEST_PAGE_SIZE], 3);
	fake_guest_deinit(&guest);
}

static void a_target_that_ends_is_reported_and_leaves_no_page(void **state)
{
	(void)state;
	struct fake_guest guest;
	const uint8_t *page;

	guest_with(&guest, MIB, FAKE_CACHE_PAGES);
	guest.gone = true;
	assert_int_equal(guest_memory_page(&guest.memory, (struct guest_pa){0}, &page), STATUS_GONE);
	assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_GONE);
	guest.gone = false;
	assert_int_equal(number_at(&guest, 0), 0);
	fake_guest_deinit(&guest);
}

static status init_with(struct ram_range first, struct ram_range second, uint32_t count)
{
	struct fake_guest guest, other;
	struct ram_range fine = {{0}, MIB};

	fake_guest_init(&guest, &fine, 1, FAKE_CACHE_PAGES);
	other = guest;
	other.ram.range[0] = first;
	other.ram.range[1] = second;
	other.ram.range_count = count;
	status result = guest_memory_init(&other.memory, &other.source, other.storage,
					  guest_memory_storage_size(FAKE_CACHE_PAGES));
	fake_guest_deinit(&guest);
	return result;
}

static void a_broken_ram_map_is_refused(void **state)
{
	(void)state;
	struct ram_range low = {{0}, MIB}, inside = {{4096}, 4096}, high = {{2 * MIB}, 4096}, empty = {{4 * MIB}, 0},
			 odd = {{2 * MIB + 1}, 4096}, wraps = {{~0xfffULL}, 8192};

	report_sink_set(drop_message, NULL);
	assert_int_equal(init_with(low, high, 2), STATUS_OK);
	assert_int_equal(init_with(low, high, 0), STATUS_MALFORMED);
	assert_int_equal(init_with(low, high, RAM_RANGE_COUNT_MAX + 1), STATUS_MALFORMED);
	assert_int_equal(init_with(low, inside, 2), STATUS_MALFORMED);
	assert_int_equal(init_with(high, low, 2), STATUS_MALFORMED);
	assert_int_equal(init_with(low, empty, 2), STATUS_MALFORMED);
	assert_int_equal(init_with(low, odd, 2), STATUS_MALFORMED);
	assert_int_equal(init_with(low, wraps, 2), STATUS_MALFORMED);
	report_sink_set(NULL, NULL);
}

static void storage_below_the_least_is_refused(void **state)
{
	(void)state;
	struct fake_guest guest;

	guest_with(&guest, MIB, FAKE_CACHE_PAGES);
	report_sink_set(drop_message, NULL);
	size_t least = guest_memory_storage_size(GUEST_MEMORY_CACHE_PAGES_MIN);
	assert_int_equal(guest_memory_init(&guest.memory, &guest.source, guest.storage, least - 1), STATUS_USAGE);
	assert_int_equal(guest_memory_init(&guest.memory, &guest.source, (uint8_t *)guest.storage + 8, least),
			 STATUS_USAGE);
	assert_int_equal(guest_memory_init(&guest.memory, &guest.source, guest.storage, least), STATUS_OK);
	report_sink_set(NULL, NULL);
	fake_guest_deinit(&guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_changed_underneath_is_seen_after_refresh_only),
		cmocka_unit_test(every_page_keeps_its_bytes_while_the_cache_evicts),
		cmocka_unit_test(a_cache_full_of_used_pages_still_makes_room),
		cmocka_unit_test(the_generation_changes_with_eviction_and_refresh_only),
		cmocka_unit_test(a_pointer_stays_valid_while_the_generation_stays),
		cmocka_unit_test(a_used_page_outlives_a_long_scan_of_single_pages),
		cmocka_unit_test(a_long_read_passes_the_cache_by_but_agrees_with_it),
		cmocka_unit_test(a_far_source_is_asked_once_for_many_pages_of_a_block),
		cmocka_unit_test(what_was_asked_for_before_is_asked_for_in_few_goes),
		cmocka_unit_test(what_came_ahead_is_of_this_epoch_and_of_no_other),
		cmocka_unit_test(asking_ahead_stops_where_nobody_uses_what_it_brings),
		cmocka_unit_test(asking_ahead_at_random_never_shows_another_page),
		cmocka_unit_test(a_failure_while_asking_ahead_leaves_no_page),
		cmocka_unit_test(nothing_is_read_in_the_pci_hole),
		cmocka_unit_test(ranges_that_touch_are_read_across),
		cmocka_unit_test(a_target_that_ends_is_reported_and_leaves_no_page),
		cmocka_unit_test(a_broken_ram_map_is_refused),
		cmocka_unit_test(storage_below_the_least_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
