/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical memory as the handler reaches it, and walks through the operating system's page
 * tables, which are believed no more than any other input: each entry is read once, each table
 * must be open memory.
 */
#ifndef FIRMWARE_HANDLER_WALK_H
#define FIRMWARE_HANDLER_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "firmware/handler/map.h"
#include "guest/memory/space.h"
#include "wire/smi.h"

/* How physical memory is reached: in SMM through a window (window.h), in a test in an array. No call
 * crosses a page; all addresses were found open in the map. */
struct firmware_memory {
	/* Between these two alone memory is at hand. `writable`: the pages that write() may go to; none for NULL. */
	void (*open)(struct firmware_memory *memory, const struct guest_pa *writable, uint32_t writable_count);
	void (*close)(struct firmware_memory *memory);
	void (*read)(struct firmware_memory *memory, struct guest_pa from, void *destination, uint32_t size);
	void (*write)(struct firmware_memory *memory, struct guest_pa to, const void *bytes, uint32_t size);
};

/* The table of single pages that a walk came to last: what lies beside it needs one entry more. */
struct firmware_last_table {
	uint64_t region; /* address / 2 MiB, + 1; 0: none yet */
	uint64_t table;
	bool user, writable; /* of the levels above */
};

/* Which tables, through what. All borrowed. */
struct firmware_walk {
	const struct firmware_map *map;
	struct firmware_memory *memory;
	const struct guest_space *space;
	struct firmware_last_table *last; /* of walks one after the other, by the same tables; NULL: each by itself */
};

/* A page of 4 KiB, also of a larger one. */
struct firmware_mapping {
	struct guest_pa page;
	bool user, writable; /* of all levels together */
};

/* The page that holds a canonical `address`: at most one entry per level (SDM vol. 3A, 4.5).
 * FIRMWARE_ACCEPTED; FIRMWARE_NOT_PRESENT, FIRMWARE_NOT_RAM (a table, or the page), FIRMWARE_TABLES. */
MUST_USE enum firmware_refusal firmware_walk_page(const struct firmware_walk *walk, uint64_t address,
						  struct firmware_mapping *ret_mapping);

#endif
