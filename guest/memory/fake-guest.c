/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/fake-guest.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"

static uint8_t *find(struct fake_guest *guest, uint64_t physical, size_t size)
{
	uint64_t before = 0;

	for (uint32_t i = 0; i < guest->ram.range_count; i++) {
		const struct ram_range *range = &guest->ram.range[i];

		if (physical >= range->start.value && checked_within(physical - range->start.value, size, range->size))
			return guest->bytes + before + (physical - range->start.value);
		before += range->size;
	}
	return NULL;
}

static status fake_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	struct fake_guest *guest = (struct fake_guest *)source;
	const uint8_t *from = find(guest, start.value, size);

	guest->read_count++;
	if (guest->gone)
		return STATUS_GONE;
	if (from == NULL)
		return STATUS_UNMAPPED;
	memcpy(destination, from, size);
	return STATUS_OK;
}

static status fake_read_pages(struct page_source *source, const struct guest_pa *pages, size_t page_count,
			      uint8_t (*destination)[GUEST_PAGE_SIZE], status *results)
{
	struct fake_guest *guest = (struct fake_guest *)source;

	guest->batch_count++;
	for (size_t i = 0; i < page_count; i++) {
		results[i] = fake_read(source, pages[i], destination[i], GUEST_PAGE_SIZE);
		guest->read_count--;
	}
	return STATUS_OK;
}

static status fake_ram_map(struct page_source *source, struct ram_map *ret_map)
{
	*ret_map = ((struct fake_guest *)source)->ram;
	return STATUS_OK;
}

static status fake_registers(struct page_source *source, uint32_t cpu_index, struct cpu_registers *ret_registers)
{
	struct fake_guest *guest = (struct fake_guest *)source;

	if (guest->cpu_count == 0)
		return STATUS_MISSING;
	if (cpu_index >= guest->cpu_count)
		return STATUS_END;
	*ret_registers = guest->registers[cpu_index];
	return STATUS_OK;
}

static status fake_check(struct page_source *source)
{
	return ((struct fake_guest *)source)->gone ? STATUS_GONE : STATUS_OK;
}

struct fake_access {
	struct plan_access access; /* must be first */
	struct fake_guest *guest;
};

static status fake_read_line(struct plan_access *access, struct guest_pa line, uint8_t *destination)
{
	struct fake_guest *guest = ((struct fake_access *)access)->guest;
	const uint8_t *from = find(guest, line.value, PLAN_LINE_SIZE);

	if (guest->gone)
		return STATUS_GONE;
	if (from == NULL)
		return STATUS_UNMAPPED;
	memcpy(destination, from, PLAN_LINE_SIZE);
	return STATUS_OK;
}

static status fake_read_again(struct plan_access *access, const uint64_t *numbers, uint32_t count,
			      uint8_t (*destination)[PLAN_LINE_SIZE])
{
	struct fake_guest *guest = ((struct fake_access *)access)->guest;

	if (guest->between != NULL)
		guest->between(guest);
	for (uint32_t i = 0; i < count; i++)
		TRY(fake_read_line(access, (struct guest_pa){numbers[i] << PLAN_LINE_SHIFT}, destination[i]));
	return STATUS_OK;
}

status fake_guest_run_plan(struct fake_guest *guest, const struct plan *plan, struct plan_cursor *cursor,
			   uint8_t *answer, size_t answer_size, size_t *ret_size)
{
	struct fake_access access = {
		{.read_line = fake_read_line, .read_again = fake_read_again, .is_still = guest->is_still}, guest};
	uint64_t *table = malloc(PLAN_TABLE_COUNT_MAX * sizeof *table);
	uint64_t *numbers = malloc(PLAN_RUN_LINE_COUNT_MAX * sizeof *numbers);
	uint8_t(*lines)[PLAN_LINE_SIZE] = malloc((size_t)PLAN_RUN_LINE_COUNT_MAX * PLAN_LINE_SIZE);
	struct plan_room room = {answer, answer_size,	      lines, numbers, PLAN_RUN_LINE_COUNT_MAX,
				 table,	 PLAN_TABLE_COUNT_MAX};

	if (table == NULL || numbers == NULL || lines == NULL)
		abort();
	guest->plan_count++;
	uint32_t line_count = 0;
	if (guest->plan_line_count_max != 0)
		room.line_count = guest->plan_line_count_max;
	status result = plan_run(plan, cursor, &access.access, &room, ret_size, &line_count);
	guest->plan_line_count += line_count;
	free(lines);
	free(numbers);
	free(table);
	return result;
}

static status fake_source_run_plan(struct page_source *source, const struct plan *plan, struct plan_cursor *cursor,
				   struct plan_sink *sink)
{
	struct fake_guest *guest = (struct fake_guest *)source;
	size_t size = guest->plan_answer_size != 0 ? guest->plan_answer_size : FAKE_ANSWER_SIZE;
	uint8_t *own = malloc(size), *answer = own;

	if (own == NULL)
		abort();
	if (sink->room != NULL) {
		answer = sink->room;
		size = sink->room_size;
	}
	guest->plan_line_count = 0;
	guest->plan_line_count_max = sink->line_count_max;
	status result = fake_guest_run_plan(guest, plan, cursor, answer, size, &size);
	guest->plan_line_count_max = 0;
	sink->line_count = guest->plan_line_count;
	sink->is_still = guest->is_still;
	if (result == STATUS_OK)
		result = sink->take(sink, (struct span){answer, size});
	free(own);
	return result;
}

static const struct page_source_ops fake_ops = {
	.read = fake_read,
	.read_pages = fake_read_pages,
	.ram_map = fake_ram_map,
	.registers = fake_registers,
	.run_plan = fake_source_run_plan,
	.check = fake_check,
};

void fake_guest_init(struct fake_guest *guest, const struct ram_range *ranges, uint32_t range_count, size_t cache_pages)
{
	size_t storage_size = guest_memory_storage_size(cache_pages);

	*guest = (struct fake_guest){.source = {&fake_ops}};
	guest->ram.range_count = range_count;
	for (uint32_t i = 0; i < range_count; i++) {
		guest->ram.range[i] = ranges[i];
		guest->bytes_size += ranges[i].size;
	}
	guest->bytes = calloc(1, guest->bytes_size);
	guest->storage = aligned_alloc(16, (storage_size + 15) & ~(size_t)15);
	if (guest->bytes == NULL || guest->storage == NULL ||
	    guest_memory_init(&guest->memory, &guest->source, guest->storage, storage_size) != STATUS_OK)
		abort();
}

void fake_guest_deinit(struct fake_guest *guest)
{
	free(guest->storage);
	free(guest->bytes);
}

uint8_t *fake_guest_at(struct fake_guest *guest, uint64_t physical)
{
	uint8_t *at = find(guest, physical, 1);

	if (at == NULL)
		abort();
	return at;
}

void fake_guest_entry(struct fake_guest *guest, uint64_t table, uint32_t index, uint64_t entry)
{
	memcpy(fake_guest_at(guest, table + (uint64_t)index * 8), &entry, sizeof entry);
}

void fake_guest_map(struct fake_guest *guest, const struct guest_space *space, uint64_t address, uint64_t physical,
		    uint64_t flags, uint64_t *next_table)
{
	uint64_t table = space->root.value;

	for (uint32_t level = space->level_count; level > 1; level--) {
		uint32_t index = (address >> (12 + 9 * (level - 1))) & 511;
		uint64_t entry;

		memcpy(&entry, fake_guest_at(guest, table + (uint64_t)index * 8), sizeof entry);
		if ((entry & FAKE_PRESENT) == 0) {
			entry = *next_table | (flags & ~FAKE_NO_EXECUTE);
			*next_table += GUEST_PAGE_SIZE;
			fake_guest_entry(guest, table, index, entry);
		}
		table = entry & 0x000ffffffffff000ULL;
	}
	fake_guest_entry(guest, table, (address >> 12) & 511, physical | flags);
}
