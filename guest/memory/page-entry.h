/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86-64 page-table entries (SDM vol. 3A, 4.5, tables 4-14 to 4-20). Internal to
 * guest/memory: for walks through the cache (space.c) and without one (plan-lines.c). */
#ifndef GUEST_MEMORY_PAGE_ENTRY_H
#define GUEST_MEMORY_PAGE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/memory/space.h"

#define ENTRY_PRESENT (1ULL << 0)
#define ENTRY_WRITABLE (1ULL << 1)
#define ENTRY_USER (1ULL << 2)
#define ENTRY_LARGE (1ULL << 7)
#define ENTRY_NO_EXECUTE (1ULL << 63)
#define ENTRY_ADDRESS 0x000ffffffffff000ULL
/* Bit 12 of an entry that maps a large page is PAT, not address. */
#define ENTRY_LARGE_PAT (1ULL << 12)

enum {
	ENTRY_SIZE = 8,
	TABLE_SHIFT = 9,
	TABLE_ENTRIES = 1 << TABLE_SHIFT,
	/* Level 1 maps 4 KiB, 2 maps 2 MiB, 3 maps 1 GiB. */
	LARGE_LEVEL_MAX = 3,
};

/* Bytes of address space under one entry of a table at `level`. */
static inline uint64_t entry_span(uint32_t level)
{
	return 1ULL << (GUEST_PAGE_SHIFT + TABLE_SHIFT * (level - 1));
}

static inline uint32_t address_bits(const struct guest_space *space)
{
	return GUEST_PAGE_SHIFT + TABLE_SHIFT * space->level_count;
}

/* The upper bits repeat the highest translated one. */
static inline bool is_canonical(const struct guest_space *space, uint64_t address)
{
	uint32_t shift = 64 - address_bits(space);

	return (uint64_t)((int64_t)(address << shift) >> shift) == address;
}

/* Reserved bits of a present entry (SDM vol. 3A, 4.5.4): address bits beyond
 * MAXPHYADDR, the page-size bit in the two uppermost levels, and the low
 * address bits of a large page. Bits 52–62 are the software's or keys'. */
static inline bool has_reserved_bits(const struct guest_space *space, uint64_t entry, uint32_t level)
{
	uint64_t reserved = ENTRY_ADDRESS & ~((1ULL << space->physical_bits) - 1);

	if (level > LARGE_LEVEL_MAX)
		reserved |= ENTRY_LARGE;
	else if (level > 1 && (entry & ENTRY_LARGE) != 0)
		reserved |= (entry_span(level) - 1) & ENTRY_ADDRESS & ~ENTRY_LARGE_PAT;
	return (entry & reserved) != 0;
}

static inline bool is_leaf(uint64_t entry, uint32_t level)
{
	return level == 1 || (level <= LARGE_LEVEL_MAX && (entry & ENTRY_LARGE) != 0);
}

static inline uint32_t table_index(uint64_t address, uint32_t level)
{
	return (uint32_t)(address >> (GUEST_PAGE_SHIFT + TABLE_SHIFT * (level - 1))) % TABLE_ENTRIES;
}

#endif
