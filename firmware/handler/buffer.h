/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The caller's buffer: the only memory that the handler ever writes outside SMRAM.
 *
 * An address in a register is the word of an operating system that isn't trusted, and so are
 * its page tables. Each entry is read once; every table and every page must be RAM that is
 * open to it (firmware/handler/map.h); the pages that were found are kept in SMRAM, and all that
 * follows goes by them, not by the tables. What the tables say afterwards changes nothing.
 */
#ifndef FIRMWARE_HANDLER_BUFFER_H
#define FIRMWARE_HANDLER_BUFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "firmware/handler/map.h"
#include "firmware/handler/walk.h"
#include "guest/memory/source.h"
#include "wire/smi.h"

enum {
	/* A record of 160 KiB (a read plan's answer, or 32 pages), its head and tag, and two partial pages at the
	 * ends. */
	FIRMWARE_BUFFER_PAGE_COUNT_MAX = 42,
	FIRMWARE_BUFFER_SIZE_MAX = SMI_BUFFER_SIZE_MAX,
};

static_assert((int)FIRMWARE_BUFFER_SIZE_MAX == (FIRMWARE_BUFFER_PAGE_COUNT_MAX - 1) * (int)GUEST_PAGE_SIZE,
	      "wherever it begins");

/* What the saved state of the calling CPU says. */
struct firmware_caller {
	struct cpu_registers registers;
	bool is_64_bit; /* CS.L */
	uint64_t buffer; /* virtual address */
	uint64_t size;
};

/* The pages of one call's buffer. */
struct firmware_buffer {
	struct guest_pa pages[FIRMWARE_BUFFER_PAGE_COUNT_MAX];
	uint32_t page_count;
	uint32_t offset; /* of the first byte in the first page */
	uint32_t size;
};

/* Find the pages. FIRMWARE_ACCEPTED, or why not; *ret_buffer is untouched then. */
MUST_USE enum firmware_refusal firmware_buffer_find(const struct firmware_map *map, struct firmware_memory *memory,
						    const struct firmware_caller *caller,
						    struct firmware_buffer *ret_buffer);

/* Copy out of it, or into it. [offset, offset + size) must lie within: STATUS_USAGE. */
MUST_USE status firmware_buffer_read(const struct firmware_buffer *buffer, struct firmware_memory *memory,
				     uint32_t offset, void *destination, uint32_t size);
MUST_USE status firmware_buffer_write(const struct firmware_buffer *buffer, struct firmware_memory *memory,
				      uint32_t offset, const void *bytes, uint32_t size);

#endif
