/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source for tests and fuzzers: the memory of another one, but for what was forged in
 * it, and an arena of memory that the guest hasn't got, for structures of our own. The other's
 * memory stays as it is.
 */
#ifndef GUEST_MEMORY_FORGED_H
#define GUEST_MEMORY_FORGED_H

#include "guest/memory/memory.h"
#include "guest/memory/space.h"

enum {
	FORGED_PATCH_COUNT_MAX = 512,
	FORGED_PATCH_SIZE_MAX = 256,
	FORGED_LADDER_COUNT_MAX = 16,
};

/* Behind the RAM of any guest of a test: 1 GiB, all zero until something is put there. */
#define FORGED_ARENA_PHYSICAL (1ull << 36)
#define FORGED_ARENA_SIZE (1ull << 30)
/* Where forged_map_arena() maps it: vmalloc's area (Documentation/arch/x86/x86_64/mm.rst), in
 * which no kernel of a test comes so far. */
#define FORGED_ARENA 0xffffe00000000000ull

struct forged_patch {
	uint64_t start; /* physical */
	uint32_t size;
	uint8_t bytes[FORGED_PATCH_SIZE_MAX];
};

/* The word at start + i × stride is base + i × step, for all i < count. */
struct forged_ladder {
	uint64_t start, count, stride, base, step;
};

struct forged_source {
	struct page_source source; /* must be first */
	struct page_source_ops ops;
	struct page_source *below;
	bool with_plans; /* else run_plan says that it can't */
	uint32_t patch_count, ladder_count;
	struct forged_patch patches[FORGED_PATCH_COUNT_MAX];
	struct forged_ladder ladders[FORGED_LADDER_COUNT_MAX];
	uint64_t read_count; /* pages, or parts of them, that were asked for */
};

/* Nothing is forged yet. `below` is borrowed. One at a time runs plans. */
void forged_init(struct forged_source *forged, struct page_source *below);
void forged_clear(struct forged_source *forged);

/* Later ones lie over earlier ones. STATUS_LIMIT: too many, or too large (reported). */
MUST_USE status forged_put(struct forged_source *forged, struct guest_pa start, const void *bytes, size_t size);
/* In the arena only; STATUS_LIMIT (reported). */
MUST_USE status forged_put_ladder(struct forged_source *forged, const struct forged_ladder *ladder);

/* Map the arena at FORGED_ARENA in a kernel's page tables of four levels, until the next
 * forged_clear(). STATUS_UNSUPPORTED: five levels; STATUS_LIMIT. Reported. */
MUST_USE status forged_map_arena(struct forged_source *forged, const struct guest_space *space);

#endif
