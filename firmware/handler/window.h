/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables for the moments in which the handler reads the operating system's memory.
 *
 * Firmware that keeps the operating system's memory out of SMM's own tables (edk2's
 * PcdCpuSmmRestrictedMemoryAccess) need not let it in for all of its handlers: these tables
 * hold what SMM's own do, in the lower half, and in the upper half
 *
 *   all open memory (map.h), at FIRMWARE_WINDOW + its physical address: read-only, not executable
 *   the pages of one caller's buffer, while an answer is written: writable, not executable
 *
 * What the map doesn't open, System Management RAM above all, isn't there: a wrong address is a fault, not an answer.
 * Made once, before any operating system runs.
 */
#ifndef FIRMWARE_HANDLER_WINDOW_H
#define FIRMWARE_HANDLER_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "firmware/handler/buffer.h"
#include "firmware/handler/map.h"

enum {
	FIRMWARE_TABLE_ENTRIES = 512,
};

struct firmware_table {
	uint64_t entry[FIRMWARE_TABLE_ENTRIES];
};

/* Where the tables lie and what they are made for. */
struct firmware_window_place {
	struct firmware_table *tables; /* whole pages, in System Management RAM */
	uint64_t physical; /* of the first one */
	uint32_t table_count;
	uint32_t level_count; /* 4 or 5: as SMM's own */
	bool has_1g_pages;
};

struct firmware_window {
	struct firmware_table *top; /* its lower half is the caller's to fill */
	struct firmware_table *pages; /* of the buffer */
	uint64_t root; /* physical, for CR3 */
	uint64_t base; /* virtual address of physical 0 */
	uint64_t buffer_base; /* of the buffer's first page */
	uint32_t page_count; /* that are writable now */
};

/* Tables that firmware_window_init() takes for this map at most. */
uint32_t firmware_window_table_count(const struct firmware_map *map);

/* Make them. STATUS_LIMIT: too few tables, or memory above 127.5 TiB. */
MUST_USE status firmware_window_init(struct firmware_window *window, const struct firmware_map *map,
				     const struct firmware_window_place *place);

/* These pages, and no others, are writable from now on, one after the other at buffer_base. `page_count`: 0 for
 * none; at most FIRMWARE_BUFFER_PAGE_COUNT_MAX. Before the tables come into use: the CPU isn't told. */
void firmware_window_set_writable(struct firmware_window *window, const struct guest_pa *pages, uint32_t page_count);

/* Where a byte of one of those pages is written. 0: it is in none of them. */
uint64_t firmware_window_writable(const struct firmware_window *window, struct guest_pa at);

#endif
