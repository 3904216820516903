/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/handler/window.h"

#include <string.h>

#include "guest/memory/page-entry.h"

enum {
	/* Of a top table, the second half is ours (and the upper half of the canonical addresses). */
	OWN_FIRST = FIRMWARE_TABLE_ENTRIES / 2,
	/* Of that half, each entry but the last has 512 GiB of memory; the last one has the buffer. */
	BUFFER_ENTRY = FIRMWARE_TABLE_ENTRIES / 2 - 1,
	/* Top, the one below it with five levels, and three down to the buffer's pages. */
	FIXED_COUNT = 5,
	/* Tables that one end of a range, or of a hole in it, makes necessary: of 4 KiB and 2 MiB pages, and one for
	 * each 512 GiB begun. */
	EDGE_COUNT = 3,
};

/* Accessed and dirty are set beforehand, so that the CPU has nothing to write here. */
#define ENTRY_ACCESSED (1ULL << 5)
#define ENTRY_DIRTY (1ULL << 6)
#define READ_ONLY (ENTRY_PRESENT | ENTRY_ACCESSED | ENTRY_NO_EXECUTE)
#define READ_WRITE (READ_ONLY | ENTRY_WRITABLE | ENTRY_DIRTY)

struct building {
	const struct firmware_map *map;
	const struct firmware_window_place *place;
	struct firmware_table *upper; /* whose entries have 512 GiB each */
	uint32_t first; /* of them, that is ours */
	uint32_t used_count;
};

uint32_t firmware_window_table_count(const struct firmware_map *map)
{
	const uint64_t edges = 2 * (uint64_t)EDGE_COUNT;
	uint64_t count = FIXED_COUNT + edges * map->forbidden_count;

	/* Without pages of 1 GiB, one table for each; both ends of each range. */
	for (uint32_t i = 0; i < map->ram.range_count; i++)
		count += edges + (map->ram.range[i].size >> 30) + (map->ram.range[i].size >> 39);
	return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

static struct firmware_table *take_table(struct building *work)
{
	if (work->used_count == work->place->table_count)
		return NULL;
	struct firmware_table *table = &work->place->tables[work->used_count++];
	memset(table, 0, sizeof *table);
	return table;
}

static uint64_t physical_of(const struct building *work, const struct firmware_table *table)
{
	return work->place->physical + (uint64_t)(table - work->place->tables) * GUEST_PAGE_SIZE;
}

/* The table behind an entry, made where there is none. NULL: no more room. */
static struct firmware_table *table_behind(struct building *work, uint64_t *entry, uint64_t flags)
{
	if ((*entry & ENTRY_PRESENT) != 0)
		return &work->place->tables[((*entry & ENTRY_ADDRESS) - work->place->physical) / GUEST_PAGE_SIZE];
	struct firmware_table *table = take_table(work);
	if (table != NULL)
		*entry = physical_of(work, table) | flags;
	return table;
}

/* One page of `level` (1: 4 KiB, 2: 2 MiB, 3: 1 GiB). */
static status map_page(struct building *work, uint64_t address, uint32_t level)
{
	struct firmware_table *table = work->upper;
	uint64_t *entry = &table->entry[work->first + (address >> 39)];

	for (uint32_t at = 3; at >= level; at--) {
		table = table_behind(work, entry, READ_ONLY);
		if (table == NULL)
			return STATUS_LIMIT;
		entry = &table->entry[table_index(address, at)];
	}
	*entry = address | READ_ONLY | (level > 1 ? ENTRY_LARGE : 0);
	return STATUS_OK;
}

/* The largest page that begins at `address` and is open as a whole; 0: not even one of 4 KiB. */
static uint32_t page_level(const struct building *work, uint64_t address)
{
	for (uint32_t level = work->place->has_1g_pages ? 3 : 2; level >= 1; level--)
		if (address % entry_span(level) == 0 &&
		    firmware_map_is_open(work->map, (struct guest_pa){address}, entry_span(level)))
			return level;
	return 0;
}

static status map_range(struct building *work, const struct ram_range *range)
{
	const uint64_t end = range->start.value + range->size;

	if (end > (uint64_t)BUFFER_ENTRY << 39)
		return STATUS_LIMIT;
	for (uint64_t at = range->start.value; at < end;) {
		const uint32_t level = page_level(work, at);

		if (level > 0)
			TRY(map_page(work, at, level));
		at += entry_span(level > 0 ? level : 1);
	}
	return STATUS_OK;
}

/* Three tables down to the one that has the buffer's pages. */
static struct firmware_table *make_pages(struct building *work)
{
	struct firmware_table *table = table_behind(work, &work->upper->entry[work->first + BUFFER_ENTRY], READ_WRITE);

	for (int i = 0; i < 2 && table != NULL; i++)
		table = table_behind(work, &table->entry[0], READ_WRITE);
	return table;
}

status firmware_window_init(struct firmware_window *window, const struct firmware_map *map,
			    const struct firmware_window_place *place)
{
	struct building work = {.map = map, .place = place, .first = OWN_FIRST};
	struct firmware_table *top = take_table(&work);

	/* With five levels, all of ours is behind one entry of the top. */
	if (top == NULL)
		return STATUS_LIMIT;
	work.upper = top;
	if (place->level_count == 5) {
		work.upper = table_behind(&work, &top->entry[OWN_FIRST], READ_WRITE);
		work.first = 0;
	}
	struct firmware_table *pages = work.upper != NULL ? make_pages(&work) : NULL;
	if (pages == NULL)
		return STATUS_LIMIT;
	for (uint32_t i = 0; i < map->ram.range_count; i++)
		TRY(map_range(&work, &map->ram.range[i]));
	const uint64_t base = ~UINT64_C(0) << (GUEST_PAGE_SHIFT + TABLE_SHIFT * place->level_count - 1);
	*window = (struct firmware_window){
		.top = top,
		.pages = pages,
		.root = physical_of(&work, top),
		.base = base,
		.buffer_base = base + ((uint64_t)BUFFER_ENTRY << 39),
	};
	return STATUS_OK;
}

void firmware_window_set_writable(struct firmware_window *window, const struct guest_pa *pages, uint32_t page_count)
{
	for (uint32_t i = 0; i < page_count; i++)
		window->pages->entry[i] = pages[i].value | READ_WRITE;
	for (uint32_t i = page_count; i < window->page_count; i++)
		window->pages->entry[i] = 0;
	window->page_count = page_count;
}

uint64_t firmware_window_writable(const struct firmware_window *window, struct guest_pa at)
{
	const uint64_t page = at.value & ~(uint64_t)(GUEST_PAGE_SIZE - 1);

	for (uint32_t i = 0; i < window->page_count; i++)
		if ((window->pages->entry[i] & ENTRY_ADDRESS) == page)
			return window->buffer_base + (uint64_t)i * GUEST_PAGE_SIZE + at.value % GUEST_PAGE_SIZE;
	return 0;
}
