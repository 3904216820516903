/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page cache's own layout. Internal to guest/memory. */
#ifndef GUEST_MEMORY_CACHE_H
#define GUEST_MEMORY_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/memory/address.h"
#include "guest/memory/space.h"

enum {
	/* One entry per 4 KiB page of virtual addresses, direct-mapped. */
	TRANSLATION_COUNT = 256,
	/* One per 2 MiB of a large page. */
	LARGE_TRANSLATION_COUNT = 64,
	LARGE_TRANSLATION_SHIFT = 21,
};

/* A walk's result. It holds no pointer into the cache, so it outlives evictions:
 * within an epoch an address is translated once. */
struct cached_translation {
	uint64_t page; /* virtual, without the offset in the page, or in 2 MiB */
	uint64_t root;
	uint64_t epoch; /* 0: never filled */
	uint32_t level_count;
	uint32_t physical_bits;
	struct guest_mapping mapping; /* of the page's first byte */
};

struct cache_slot {
	uint64_t page; /* physical page number */
	uint64_t epoch; /* in which it was copied; 0: holds nothing */
	uint64_t tick; /* of that epoch, when it was */
	uint32_t next; /* in its hash chain, or CACHE_NONE */
	bool used; /* since the clock's hand last passed */
	bool ahead; /* nobody has asked for it in this epoch, yet it was fetched */
};

#define CACHE_NONE UINT32_MAX

struct page_cache {
	uint32_t slot_count;
	uint32_t bucket_mask;
	uint32_t hand;
	uint32_t current_count; /* slots that hold a page of this epoch */
	int32_t ahead_credit; /* how well fetching ahead has gone */
	struct cache_slot *slots;
	uint32_t *buckets;
	uint8_t (*pages)[GUEST_PAGE_SIZE];
	struct cached_translation translations[TRANSLATION_COUNT];
	struct cached_translation large_translations[LARGE_TRANSLATION_COUNT];
};

/* This epoch's copy of the page, if the cache has it; else NULL. */
const uint8_t *cache_page(const struct guest_memory *memory, uint64_t page);

#endif
