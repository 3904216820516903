/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/handler/walk.h"

#include "guest/memory/page-entry.h"

static enum firmware_refusal read_entry(const struct firmware_walk *walk, uint64_t address, uint64_t *ret_entry)
{
	uint64_t entry;

	if (!firmware_map_is_open(walk->map, (struct guest_pa){address}, ENTRY_SIZE))
		return FIRMWARE_NOT_RAM;
	walk->memory->read(walk->memory, (struct guest_pa){address}, &entry, ENTRY_SIZE);
	if ((entry & ENTRY_PRESENT) == 0)
		return FIRMWARE_NOT_PRESENT;
	*ret_entry = entry;
	return FIRMWARE_ACCEPTED;
}

/* The 4 KiB that hold `address`, by the entry that ends a walk. */
static uint64_t leaf_page(uint64_t entry, uint32_t level, uint64_t address)
{
	const uint64_t mask = entry_span(level) - 1;

	/* Bit 12 of a large page's entry is PAT, which the mask drops. */
	return ((entry & ENTRY_ADDRESS & ~mask) + (address & mask)) & ~(uint64_t)(GUEST_PAGE_SIZE - 1);
}

enum { REGION_SHIFT = 21 };

/* Where to begin: at the root, or at the last table. */
static uint32_t begin(const struct firmware_walk *walk, uint64_t address, uint64_t *ret_table,
		      struct firmware_mapping *ret_mapping)
{
	const struct firmware_last_table *last = walk->last;

	if (last == NULL || last->region != (address >> REGION_SHIFT) + 1) {
		*ret_table = walk->space->root.value;
		*ret_mapping = (struct firmware_mapping){.user = true, .writable = true};
		return walk->space->level_count;
	}
	*ret_table = last->table;
	*ret_mapping = (struct firmware_mapping){.user = last->user, .writable = last->writable};
	return 1;
}

static void keep(const struct firmware_walk *walk, uint64_t address, uint64_t table,
		 const struct firmware_mapping *mapping)
{
	if (walk->last != NULL)
		*walk->last = (struct firmware_last_table){(address >> REGION_SHIFT) + 1, table, mapping->user,
							   mapping->writable};
}

enum firmware_refusal firmware_walk_page(const struct firmware_walk *walk, uint64_t address,
					 struct firmware_mapping *ret_mapping)
{
	struct firmware_mapping mapping;
	uint64_t table;

	/* A leaf ends it: level 1 always is one. */
	for (uint32_t level = begin(walk, address, &table, &mapping); level >= 1; level--) {
		uint64_t entry;
		enum firmware_refusal refusal =
			read_entry(walk, table + (uint64_t)table_index(address, level) * ENTRY_SIZE, &entry);

		if (refusal != FIRMWARE_ACCEPTED)
			return refusal;
		if (has_reserved_bits(walk->space, entry, level))
			return FIRMWARE_TABLES;
		mapping.user &= (entry & ENTRY_USER) != 0;
		mapping.writable &= (entry & ENTRY_WRITABLE) != 0;
		table = entry & ENTRY_ADDRESS;
		if (is_leaf(entry, level)) {
			mapping.page.value = leaf_page(entry, level, address);
			break;
		}
		if (level == 2)
			keep(walk, address, table, &mapping);
	}
	if (!firmware_map_is_open(walk->map, mapping.page, GUEST_PAGE_SIZE))
		return FIRMWARE_NOT_RAM;
	*ret_mapping = mapping;
	return FIRMWARE_ACCEPTED;
}
