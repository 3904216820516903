/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The target's memory as everything above sees it: one source, and a cache of
 * physical pages with an explicit epoch.
 *
 * A page is copied from the source when first asked for and served from that
 * copy until the epoch ends, so that what was validated is what is used
 * (hostile memory changes under our hands). guest_memory_refresh() starts the
 * next epoch: by convention once for each pseudo file that is opened.
 *
 * Two things end a copy's life early, and a caller that validates first and
 * uses later must know them: a cache smaller than the working set evicts (the
 * generation says when), and ranges of GUEST_MEMORY_DIRECT_PAGES or more are
 * copied past the cache, taking from it only the pages that it has.
 *
 * Freestanding: no allocation, the caller brings the storage. Not thread-safe;
 * one struct per thread.
 */
#ifndef GUEST_MEMORY_MEMORY_H
#define GUEST_MEMORY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/memory/address.h"
#include "guest/memory/source.h"

struct page_cache; /* in the caller's storage; guest/memory/cache.h */

struct guest_memory {
	struct page_source *source;
	struct page_cache *cache;
	struct ram_map ram;
	uint64_t epoch;
	/* Pages fetched from the source since init: for benchmarks and tests. */
	uint64_t fetched_pages;
	/* Counts every event after which a pointer from guest_memory_page()
	 * may be stale (refresh, eviction): fast paths compare it. Filling a
	 * slot that held nothing of this epoch doesn't count. */
	uint64_t generation;
};

enum {
	/* Fewer pages than this can't hold one walk and its data at once. */
	GUEST_MEMORY_CACHE_PAGES_MIN = 16,
	/* A range that covers so many whole pages is read straight into its
	 * destination: a kernel's BTF (megabytes) must not flush the cache. */
	GUEST_MEMORY_DIRECT_PAGES = 16,
};

/* Bytes of storage that a cache of `page_count` pages needs. */
size_t guest_memory_storage_size(size_t page_count);

/* Start with an empty cache in `storage` (16-byte aligned; must outlive
 * `memory`). Asks the source for its RAM map and validates it.
 * STATUS_USAGE: storage below GUEST_MEMORY_CACHE_PAGES_MIN pages, or not aligned.
 * STATUS_MALFORMED: the map is unsorted, overlaps or is empty. */
MUST_USE status guest_memory_init(struct guest_memory *memory, struct page_source *source, void *storage,
				  size_t storage_size);

/* Begin the next epoch: every page is fetched again when next asked for.
 * STATUS_GONE if the source says that the target has ended. */
MUST_USE status guest_memory_refresh(struct guest_memory *memory);

/* Is the whole range RAM? An empty range is RAM where its start is. */
bool guest_memory_is_ram(const struct guest_memory *memory, struct guest_pa start, uint64_t size);

/* This epoch's copy of the page that holds `address`. The pointer is valid
 * until memory->generation changes. STATUS_UNMAPPED: not RAM. */
MUST_USE status guest_memory_page(struct guest_memory *memory, struct guest_pa address, const uint8_t **ret_page);

/* Copy a physical range, across pages. Nothing is promised about
 * `destination` unless the call succeeds. */
MUST_USE status guest_memory_read_physical(struct guest_memory *memory, struct guest_pa start, void *destination,
					   size_t size);

/* Copy `page_count` whole pages from anywhere in RAM, page i to
 * destination[i]: from this epoch's copy where there is one, else from the
 * source in as few calls as possible, without entering them into the cache.
 * The first failing page's status; then nothing is promised about
 * `destination`. */
MUST_USE status guest_memory_read_pages(struct guest_memory *memory, const struct guest_pa *pages, size_t page_count,
					uint8_t (*destination)[GUEST_PAGE_SIZE]);

#endif
