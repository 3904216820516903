/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A target in a buffer, for tests: RAM, page tables, and what went wrong. */
#ifndef GUEST_MEMORY_FAKE_GUEST_H
#define GUEST_MEMORY_FAKE_GUEST_H

#include "guest/memory/memory.h"
#include "guest/memory/plan-run.h"
#include "guest/memory/space.h"

enum {
	FAKE_PRESENT = 1,
	FAKE_WRITABLE = 2,
	FAKE_USER = 4,
	FAKE_LARGE = 0x80,
	FAKE_CACHE_PAGES = 32,
	FAKE_CPU_COUNT_MAX = 4,
	FAKE_ANSWER_SIZE = 64 << 10,
};
#define FAKE_NO_EXECUTE (1ULL << 63)

struct fake_guest {
	struct page_source source; /* must be first */
	struct ram_map ram;
	/* The ranges' bytes, one after the other. */
	uint8_t *bytes;
	size_t bytes_size;
	struct cpu_registers registers[FAKE_CPU_COUNT_MAX];
	uint32_t cpu_count;
	bool gone;
	uint64_t read_count; /* calls of read */
	uint64_t batch_count; /* calls of read_pages */
	uint64_t plan_count; /* calls of run_plan */
	bool is_still; /* and says so */
	void (*between)(struct fake_guest *guest); /* before a moment's lines are read again; NULL: nothing happens */
	uint32_t plan_line_count, plan_line_count_max; /* of the run under way */
	size_t plan_answer_size; /* room for an answer; 0: FAKE_ANSWER_SIZE */
	struct guest_memory memory;
	void *storage;
};

/* A guest with these ranges of RAM (all zero) and a cache of `cache_pages`. */
void fake_guest_init(struct fake_guest *guest, const struct ram_range *ranges, uint32_t range_count,
		     size_t cache_pages);
void fake_guest_deinit(struct fake_guest *guest);

/* The RAM behind a physical address; aborts the test where there is none. */
uint8_t *fake_guest_at(struct fake_guest *guest, uint64_t physical);

/* Write one page-table entry. */
void fake_guest_entry(struct fake_guest *guest, uint64_t table, uint32_t index, uint64_t entry);

/* Map 4 KiB at `address`: tables are taken from *next_table on. All levels get
 * `flags`; the leaf alone FAKE_NO_EXECUTE. */
void fake_guest_map(struct fake_guest *guest, const struct guest_space *space, uint64_t address, uint64_t physical,
		    uint64_t flags, uint64_t *next_table);

/* Run a plan over the guest, past every cache, as a source does. The answer goes to
 * `answer`. */
MUST_USE status fake_guest_run_plan(struct fake_guest *guest, const struct plan *plan, struct plan_cursor *cursor,
				    uint8_t *answer, size_t answer_size, size_t *ret_size);

#endif
