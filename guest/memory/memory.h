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
 * Read plans (guest/memory/plan.h) bring lines of 64 bytes ahead of time, many at
 * once, into a cache of their own beside the pages. Each byte of an epoch has one
 * version: a page that is copied later gets the lines that were there before it.
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
struct line_cache; /* likewise; guest/memory/lines.h */
struct plan;

struct guest_memory {
	struct page_source *source;
	struct page_cache *cache;
	struct line_cache *lines; /* NULL: none, and no plans */
	struct ram_map ram;
	uint64_t epoch;
	/* Pages fetched from the source since init: for benchmarks and tests. */
	uint64_t fetched_pages;
	/* Likewise: questions to the source about the target's memory, each of which is a
	 * round trip where the source is at the end of a link; of these, runs of plans. */
	uint64_t question_count, plan_run_count;
	/* Counts every event after which a pointer from guest_memory_page()
	 * may be stale (refresh, eviction): fast paths compare it. Filling a
	 * slot that held nothing of this epoch doesn't count. No two memories of one
	 * process have the same. */
	uint64_t generation;
	/* When, in this epoch, something was copied: what is copied just now, and the latest of all that was read since
	 * guest_memory_begin_use(). Goes on with each run of a plan, by as many as moments may be shown by it (below),
	 * and with each look past the copies. */
	uint64_t tick, used_tick;
};

enum {
	/* Fewer pages than this can't hold one walk and its data at once. */
	GUEST_MEMORY_CACHE_PAGES_MIN = 16,
	/* Fewer lines than this can't hold an object and the tables that lead to it. */
	GUEST_MEMORY_LINES_MIN = 64,
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

/* Bytes of storage that a cache of `line_count` lines needs. */
size_t guest_memory_lines_storage_size(size_t line_count);

/* Give `memory` a cache of lines in `storage` (64-byte aligned; must outlive it).
 * Without one, plans are not run, and nothing else differs.
 * STATUS_USAGE: storage below GUEST_MEMORY_LINES_MIN lines, or not aligned. */
MUST_USE status guest_memory_lines_init(struct guest_memory *memory, void *storage, size_t storage_size);

/* Run a plan, and keep what it brings. A plan that stops before its end is gone on with
 * when somebody asks for what it stopped before, in the same epoch. Only the time that
 * later reads take depends on it: there is nothing to say about failures. */
void guest_memory_run_plan(struct guest_memory *memory, const struct plan *plan);

/* How many lines plans have brought so far; and are those still here that came since there were so many
 * (in this epoch)? Later ones take the place of the oldest. */
uint64_t guest_memory_line_mark(const struct guest_memory *memory);
bool guest_memory_has_lines_since(const struct guest_memory *memory, uint64_t mark);
/* Is there more of an answer, or of a plan, to come? Another plan now would cost what came ahead. */
bool guest_memory_plan_is_under_way(const struct guest_memory *memory);

/* Moments that read plans showed (guest/memory/plan.h, MOMENT), from the first to the last, in the order in which they
 * were: ticks. Empty if `first` is more than `last`. */
struct guest_moments {
	uint32_t first, last;
};

#define GUEST_MOMENTS_ALL ((struct guest_moments){1, UINT32_MAX})

/* What this epoch has of a range, if all of it came by read plans and `*moments` has some at which memory held
 * just that: those, and no others, are left in it. So what is read one after the other with the same
 * `*moments` was in memory all at once, and later than anything was copied that was read since
 * guest_memory_begin_use(). Doesn't count as read itself. False: nothing is promised about `destination` and
 * `*moments`. */
MUST_USE bool guest_memory_read_moments(const struct guest_memory *memory, struct guest_pa start, void *destination,
					size_t size, struct guest_moments *moments);
/* More of the last plan's answer, if there is more, and nothing of it that is unpacked shows a moment later than what
 * was read: then the next one may be it. */
bool guest_memory_unpack_more(struct guest_memory *memory);

/* What counts is what is read from now on. Who holds pointers to copies (software TLBs) must let go of them
 * before: what is read through them isn't noticed. */
void guest_memory_begin_use(struct guest_memory *memory);
/* Was something read that was copied later than whatever the last run of a plan has brought? */
bool guest_memory_has_used_later(const struct guest_memory *memory);

/* Begin the next epoch: every page is fetched again when next asked for.
 * STATUS_GONE if the source says that the target has ended. */
MUST_USE status guest_memory_refresh(struct guest_memory *memory);

/* Is the whole range RAM? An empty range is RAM where its start is. */
bool guest_memory_is_ram(const struct guest_memory *memory, struct guest_pa start, uint64_t size);

/* This epoch's copy of the page that holds `address`. The pointer is valid
 * until memory->generation changes. STATUS_UNMAPPED: not RAM. */
MUST_USE status guest_memory_page(struct guest_memory *memory, struct guest_pa address, const uint8_t **ret_page);

/* This epoch's copy of what is at `address`, as far as it lies in one piece: to the
 * end of the line or the page, *ret_size bytes. For small reads; a page only where
 * nothing else is at hand. Pointer and statuses as guest_memory_page(). */
MUST_USE status guest_memory_bytes(struct guest_memory *memory, struct guest_pa address, const uint8_t **ret_bytes,
				   size_t *ret_size);

/* Copy a physical range, across pages. Nothing is promised about
 * `destination` unless the call succeeds. */
MUST_USE status guest_memory_read_physical(struct guest_memory *memory, struct guest_pa start, void *destination,
					   size_t size);

/* Copy what parts of pages (PAGE_PART_COUNT_MAX at most) hold at this moment, past this epoch's copies,
 * which stay as they are: to find out whether they have changed. One question to the source, where it can;
 * not counted. What was copied before has a tick up to memory->tick as it was, what is copied later a later one.
 * STATUS_UNMAPPED: one is not RAM, or lies across pages. */
MUST_USE status guest_memory_read_now(struct guest_memory *memory, const struct page_part *parts, size_t part_count);

/* Copy `page_count` whole pages from anywhere in RAM, page i to
 * destination[i]: from this epoch's copy where there is one, else from the
 * source in as few calls as possible, without entering them into the cache.
 * The first failing page's status; then nothing is promised about
 * `destination`. */
MUST_USE status guest_memory_read_pages(struct guest_memory *memory, const struct guest_pa *pages, size_t page_count,
					uint8_t (*destination)[GUEST_PAGE_SIZE]);

#endif
