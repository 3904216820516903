/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/space.h"

#include <string.h>

#include "guest/memory/cache.h"
#include "guest/memory/lines.h"
#include "guest/memory/page-entry.h"

#define CR0_PG (1ULL << 31)
#define CR3_ADDRESS ENTRY_ADDRESS
#define CR3_USER_HALF (1ULL << 12)
#define CR4_PAE (1ULL << 5)
#define CR4_LA57 (1ULL << 12)
#define EFER_LMA (1ULL << 10)

enum {
	DIRECT_BATCH_PAGES = 64,
	LEVEL_COUNT_MAX = 5,
};

/* What the levels above allow. */
struct rights {
	bool writable, user, executable;
};

static struct rights rights_below(struct rights above, uint64_t entry)
{
	return (struct rights){
		.writable = above.writable && (entry & ENTRY_WRITABLE) != 0,
		.user = above.user && (entry & ENTRY_USER) != 0,
		.executable = above.executable && (entry & ENTRY_NO_EXECUTE) == 0,
	};
}

static struct guest_mapping leaf_mapping(uint64_t entry, uint32_t level, uint64_t address, struct rights rights)
{
	uint64_t size = entry_span(level);

	return (struct guest_mapping){
		.address = {(entry & ENTRY_ADDRESS & ~(size - 1)) | (address & (size - 1))},
		.page_size = size,
		.writable = rights.writable,
		.user = rights.user,
		.executable = rights.executable,
	};
}

static status read_entry(struct guest_memory *memory, uint64_t table, uint32_t index, uint64_t *ret_entry)
{
	const uint8_t *bytes;
	size_t size;

	TRY(guest_memory_bytes(memory, (struct guest_pa){table + (uint64_t)index * ENTRY_SIZE}, &bytes, &size));
	memcpy(ret_entry, bytes, ENTRY_SIZE);
	return STATUS_OK;
}

/* The kernel's own tables lead to everything that is read, and what they say is remembered for the last few hundred
 * pages alone: lines of them stay. (Those of processes are read once.) */
static void keep_tables(const struct guest_memory *memory, const uint64_t *entries, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		lines_keep(memory, entries[i] >> PLAN_LINE_SHIFT);
}

/* One walk. Where it ends without a leaf, *ret_level is the level of the entry
 * that isn't there: nothing under it is mapped. One step per level. */
static status walk(struct guest_memory *memory, const struct guest_space *space, uint64_t address,
		   struct guest_mapping *ret_mapping, uint32_t *ret_level)
{
	struct rights rights = {true, true, true};
	uint64_t table = space->root.value, addresses[LEVEL_COUNT_MAX];
	uint32_t count = 0;

	for (uint32_t level = space->level_count; level > 0; level--) {
		uint64_t entry;

		*ret_level = level;
		addresses[count++] = table + (uint64_t)table_index(address, level) * ENTRY_SIZE;
		TRY(read_entry(memory, table, table_index(address, level), &entry));
		if ((entry & ENTRY_PRESENT) == 0)
			return STATUS_UNMAPPED;
		if (has_reserved_bits(space, entry, level))
			return STATUS_MALFORMED;
		rights = rights_below(rights, entry);
		if (is_leaf(entry, level)) {
			*ret_mapping = leaf_mapping(entry, level, address, rights);
			if (!rights.user)
				keep_tables(memory, addresses, count);
			return STATUS_OK;
		}
		table = entry & ENTRY_ADDRESS;
	}
	return STATUS_INTERNAL; /* level 1 always ends above */
}

/* Fold in the root: two processes' stacks shouldn't push each other out. */
static uint64_t translation_hash(const struct guest_space *space, uint64_t number)
{
	return number ^ number >> 8 ^ space->root.value >> GUEST_PAGE_SHIFT;
}

static bool translation_matches(const struct cached_translation *cached, const struct guest_memory *memory,
				const struct guest_space *space, uint64_t page)
{
	return cached->epoch == memory->epoch && cached->page == page && cached->root == space->root.value &&
	       cached->level_count == space->level_count && cached->physical_bits == space->physical_bits;
}

static status space_validate(const struct guest_space *space)
{
	bool sane = (space->level_count == 4 || space->level_count == 5) && space->root.value % GUEST_PAGE_SIZE == 0 &&
		    space->physical_bits > GUEST_PAGE_SHIFT && space->physical_bits <= GUEST_PHYSICAL_BITS_MAX;

	return sane ? STATUS_OK : STATUS_USAGE;
}

/* Walk the tables, and keep what they say: of a large page, 2 MiB of it at once. */
static status translate_anew(struct guest_memory *memory, const struct guest_space *space, uint64_t address,
			     struct cached_translation *small, struct cached_translation *large,
			     const struct cached_translation **ret_translation)
{
	uint64_t large_size = UINT64_C(1) << LARGE_TRANSLATION_SHIFT;
	struct cached_translation found = {
		.root = space->root.value,
		.epoch = memory->epoch,
		.level_count = space->level_count,
		.physical_bits = space->physical_bits,
	};
	uint32_t level;

	TRY(space_validate(space));
	if (!is_canonical(space, address))
		return STATUS_UNMAPPED;
	TRY(walk(memory, space, address, &found.mapping, &level));
	bool is_large = found.mapping.page_size >= large_size;
	uint64_t offset_mask = (is_large ? large_size : GUEST_PAGE_SIZE) - 1;
	found.page = address & ~offset_mask;
	found.mapping.address.value -= address & offset_mask;
	*ret_translation = is_large ? large : small;
	*(is_large ? large : small) = found;
	return STATUS_OK;
}

status guest_space_translate(struct guest_memory *memory, const struct guest_space *space, struct guest_va address,
			     struct guest_mapping *ret_mapping)
{
	uint64_t large_offset = address.value % (UINT64_C(1) << LARGE_TRANSLATION_SHIFT);
	uint64_t offset = address.value % GUEST_PAGE_SIZE;
	uint64_t large_hash = translation_hash(space, address.value >> LARGE_TRANSLATION_SHIFT);
	uint64_t small_hash = translation_hash(space, address.value >> GUEST_PAGE_SHIFT);
	struct cached_translation *large = &memory->cache->large_translations[large_hash % LARGE_TRANSLATION_COUNT];
	struct cached_translation *small = &memory->cache->translations[small_hash % TRANSLATION_COUNT];
	const struct cached_translation *cached = large;

	if (!translation_matches(large, memory, space, address.value - large_offset)) {
		cached = small;
		if (!translation_matches(small, memory, space, address.value - offset))
			TRY(translate_anew(memory, space, address.value, small, large, &cached));
	}
	*ret_mapping = cached->mapping;
	ret_mapping->address.value += address.value - cached->page;
	return STATUS_OK;
}

/* Whole pages, translated and then fetched many at a time. */
static status read_direct(struct guest_memory *memory, const struct guest_space *space, uint64_t start,
			  uint8_t *destination, size_t page_count)
{
	while (page_count > 0) {
		size_t count = page_count < DIRECT_BATCH_PAGES ? page_count : DIRECT_BATCH_PAGES;
		struct guest_pa pages[DIRECT_BATCH_PAGES];

		for (size_t i = 0; i < count; i++) {
			struct guest_va page = {start + i * GUEST_PAGE_SIZE};
			struct guest_mapping mapping;

			TRY(guest_space_translate(memory, space, page, &mapping));
			pages[i] = mapping.address;
		}
		TRY(guest_memory_read_pages(memory, pages, count, (uint8_t(*)[GUEST_PAGE_SIZE])destination));
		start += count * GUEST_PAGE_SIZE;
		destination += count * GUEST_PAGE_SIZE;
		page_count -= count;
	}
	return STATUS_OK;
}

static status read_in_page(struct guest_memory *memory, const struct guest_space *space, uint64_t address,
			   uint8_t *destination, size_t size)
{
	struct guest_mapping mapping;

	TRY(guest_space_translate(memory, space, (struct guest_va){address}, &mapping));
	return guest_memory_read_physical(memory, mapping.address, destination, size);
}

status guest_space_read(struct guest_memory *memory, const struct guest_space *space, struct guest_va start,
			void *destination, size_t size)
{
	uint8_t *to = destination;
	uint64_t at = start.value;

	/* The address may wrap from the top to 0: canonical on both sides, and
	 * as harmless as on the CPU. */
	while (size > 0) {
		size_t offset = at % GUEST_PAGE_SIZE;
		size_t part = GUEST_PAGE_SIZE - offset < size ? GUEST_PAGE_SIZE - offset : size;

		if (offset == 0 && size / GUEST_PAGE_SIZE >= GUEST_MEMORY_DIRECT_PAGES) {
			part = size - size % GUEST_PAGE_SIZE;
			TRY(read_direct(memory, space, at, to, part / GUEST_PAGE_SIZE));
		} else {
			TRY(read_in_page(memory, space, at, to, part));
		}
		at += part;
		to += part;
		size -= part;
	}
	return STATUS_OK;
}

status guest_space_read_string(struct guest_memory *memory, const struct guest_space *space, struct guest_va start,
			       char *destination, size_t size)
{
	uint64_t at = start.value;

	while (size > 0) {
		size_t left = GUEST_PAGE_SIZE - at % GUEST_PAGE_SIZE;
		size_t part = left < size ? left : size;

		TRY(read_in_page(memory, space, at, (uint8_t *)destination, part));
		for (size_t i = 0; i < part; i++)
			if (destination[i] == 0)
				return STATUS_OK;
		at += part;
		destination += part;
		size -= part;
	}
	return STATUS_LIMIT;
}

status guest_space_next(struct guest_memory *memory, const struct guest_space *space, struct guest_va from,
			struct guest_va end, uint64_t budget_entries, struct guest_va *ret_address,
			struct guest_mapping *ret_mapping)
{
	uint64_t at = from.value & ~(uint64_t)(GUEST_PAGE_SIZE - 1);

	TRY(space_validate(space));
	/* Each round goes forward by at least a page; the budget bounds them. */
	while (at < end.value) {
		uint32_t level = space->level_count;
		status result = STATUS_UNMAPPED;
		uint64_t next;

		if (budget_entries < space->level_count)
			return STATUS_LIMIT;
		budget_entries -= space->level_count;
		if (is_canonical(space, at))
			result = walk(memory, space, at, ret_mapping, &level);
		if (result == STATUS_OK) {
			ret_address->value = at;
			return STATUS_OK;
		}
		if (result != STATUS_UNMAPPED && result != STATUS_MALFORMED)
			return result;
		next = (at & ~(entry_span(level) - 1)) + entry_span(level);
		if (!is_canonical(space, at))
			next = ~0ULL << (address_bits(space) - 1);
		if (next <= at)
			break; /* the last entry of the address space */
		at = next;
	}
	return STATUS_END;
}

status guest_space_from_registers(const struct cpu_registers *registers, struct guest_space *ret_space,
				  struct guest_space *ret_kernel_space)
{
	if ((registers->cr0 & CR0_PG) == 0 || (registers->cr4 & CR4_PAE) == 0 || (registers->efer & EFER_LMA) == 0)
		return STATUS_UNSUPPORTED;
	*ret_space = (struct guest_space){
		.root = {registers->cr3 & CR3_ADDRESS},
		.level_count = (registers->cr4 & CR4_LA57) != 0 ? 5 : 4,
		.physical_bits = GUEST_PHYSICAL_BITS_MAX,
	};
	*ret_kernel_space = *ret_space;
	ret_kernel_space->root.value &= ~CR3_USER_HALF;
	return STATUS_OK;
}

struct guest_space guest_space_with_root(const struct guest_space *kernel, struct guest_pa root)
{
	struct guest_space space = *kernel;

	space.root.value = root.value & CR3_ADDRESS;
	return space;
}
