/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arbitrary memory taken for page tables: no walk may leave RAM, run on, or
 * claim a mapping that it can't have. */
#include "guest/memory/space.h"

#include <stdlib.h>
#include <string.h>

#include "guest/memory/fake-guest.h"

enum {
	RAM_PAGES = 16,
	RAM_SIZE = RAM_PAGES * GUEST_PAGE_SIZE,
	NEXT_BUDGET_ENTRIES = 4096,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* The input's words, spread: each lands as an entry somewhere in RAM. */
static void fill(struct fake_guest *guest, const uint8_t *data, size_t size)
{
	memcpy(guest->bytes, data, size < RAM_SIZE ? size : RAM_SIZE);
	for (size_t i = 0; i + 10 <= size; i += 10) {
		uint16_t slot;

		memcpy(&slot, data + i, sizeof slot);
		memcpy(guest->bytes + slot % (RAM_SIZE / 8) * 8, data + i + 2, 8);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ram_range ranges[] = {{{0}, RAM_SIZE / 2}, {{1ULL << 32}, RAM_SIZE / 2}};
	struct fake_guest guest;
	uint8_t bytes[3 * GUEST_PAGE_SIZE];
	uint64_t address;

	if (size < sizeof address + 2)
		return 0;
	memcpy(&address, data, sizeof address);
	fake_guest_init(&guest, ranges, 2, GUEST_MEMORY_CACHE_PAGES_MIN);
	fill(&guest, data, size);
	struct guest_space space = {
		.root = {(uint64_t)(data[8] % RAM_PAGES) * GUEST_PAGE_SIZE},
		.level_count = data[9] % 2 == 0 ? 4 : 5,
		.physical_bits = data[9] % 4 < 2 ? GUEST_PHYSICAL_BITS_MAX : 40,
	};
	struct guest_mapping mapping, again;
	status first = guest_space_translate(&guest.memory, &space, (struct guest_va){address}, &mapping);
	require(guest.memory.fetched_pages <= 5);
	require(first == guest_space_translate(&guest.memory, &space, (struct guest_va){address}, &again));
	if (first == STATUS_OK) {
		require(mapping.address.value < 1ULL << space.physical_bits);
		require(mapping.address.value % GUEST_PAGE_SIZE == address % GUEST_PAGE_SIZE);
		require(mapping.address.value == again.address.value);
	}
	(void)!guest_space_read(&guest.memory, &space, (struct guest_va){address}, bytes, sizeof bytes);
	struct guest_va next = {address};
	if (guest_space_next(&guest.memory, &space, next, (struct guest_va){~0ULL}, NEXT_BUDGET_ENTRIES, &next,
			     &mapping) == STATUS_OK)
		require(next.value >= (address & ~0xfffULL));
	fake_guest_deinit(&guest);
	return 0;
}
