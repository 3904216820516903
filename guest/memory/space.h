/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address spaces of the target: x86-64 4- and 5-level paging
 * (Intel SDM vol. 3A, 4.5), pages of 4 KiB, 2 MiB and 1 GiB.
 *
 * A walk takes at most one entry per level, so it is bounded whatever the
 * tables hold (a table that points to itself costs five reads).
 */
#ifndef GUEST_MEMORY_SPACE_H
#define GUEST_MEMORY_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/memory/address.h"
#include "guest/memory/memory.h"

/* One tree of page tables. */
struct guest_space {
	struct guest_pa root; /* page-aligned: CR3 without its flag bits */
	uint32_t level_count; /* 4, or 5 with CR4.LA57 */
	uint32_t physical_bits; /* MAXPHYADDR; 52 where unknown */
};

/* What a walk found. */
struct guest_mapping {
	struct guest_pa address; /* of the byte asked for */
	uint64_t page_size; /* 4 KiB, 2 MiB or 1 GiB */
	bool writable, user, executable; /* of all levels together */
};

/* Translate one address.
 * STATUS_UNMAPPED: not canonical, not present, or a table outside RAM;
 * STATUS_MALFORMED: a reserved bit is set (the CPU would fault too). */
MUST_USE status guest_space_translate(struct guest_memory *memory, const struct guest_space *space,
				      struct guest_va address, struct guest_mapping *ret_mapping);

/* Copy a virtual range, across pages. STATUS_UNMAPPED if any byte of it has no
 * translation or no RAM; then nothing is promised about `destination`. */
MUST_USE status guest_space_read(struct guest_memory *memory, const struct guest_space *space, struct guest_va start,
				 void *destination, size_t size);

#endif
