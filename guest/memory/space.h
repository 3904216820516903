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

enum {
	/* The architecture's limit (SDM vol. 3A, 4.1.4); processors have less. */
	GUEST_PHYSICAL_BITS_MAX = 52,
};

/* One tree of page tables. */
struct guest_space {
	struct guest_pa root; /* page-aligned: CR3 without its flag bits */
	uint32_t level_count; /* 4, or 5 with CR4.LA57 */
	uint32_t physical_bits; /* MAXPHYADDR; GUEST_PHYSICAL_BITS_MAX where unknown */
};

/* What a walk found. */
struct guest_mapping {
	struct guest_pa address; /* of the byte asked for */
	uint64_t page_size; /* 4 KiB, 2 MiB or 1 GiB */
	bool writable, user, executable; /* of all levels together */
};

/* Translate one address.
 * STATUS_UNMAPPED: not canonical, not present, or a table outside RAM;
 * STATUS_MALFORMED: a reserved bit is set (the CPU would fault too); not
 * reported in words, as it is the target's doing and the caller's to judge.
 * The address found may still lie outside RAM (a device). */
MUST_USE status guest_space_translate(struct guest_memory *memory, const struct guest_space *space,
				      struct guest_va address, struct guest_mapping *ret_mapping);

/* Copy a virtual range, across pages. STATUS_UNMAPPED if any byte of it has no
 * translation or no RAM; then nothing is promised about `destination`. */
MUST_USE status guest_space_read(struct guest_memory *memory, const struct guest_space *space, struct guest_va start,
				 void *destination, size_t size);

/* Copy up to `size` bytes that stop at a NUL (copied too), in one page or
 * across. STATUS_LIMIT if no NUL came within `size`. */
MUST_USE status guest_space_read_string(struct guest_memory *memory, const struct guest_space *space,
					struct guest_va start, char *destination, size_t size);

/* The next virtual address ≥ `from` and < `end` that a present leaf maps, with
 * its mapping; skips unmapped regions a table entry at a time.
 * STATUS_END: nothing more. STATUS_LIMIT: `budget_entries` table entries were
 * looked at (the caller says how much hostile tables may cost it). */
MUST_USE status guest_space_next(struct guest_memory *memory, const struct guest_space *space, struct guest_va from,
				 struct guest_va end, uint64_t budget_entries, struct guest_va *ret_address,
				 struct guest_mapping *ret_mapping);

/* The space that a CPU's registers name. `ret_space->root` is CR3 without its
 * flags; under KPTI that is the user half where the CPU was in user space
 * (bit 12 set), so `ret_kernel_space` gets the other half of the pair, whose
 * root differs by that bit (arch/x86/include/asm/pgtable.h,
 * kernel_to_user_pgdp, Linux 6.1). Without KPTI a root may well have the bit
 * set: try both, the one as found first.
 * STATUS_UNSUPPORTED: the CPU isn't in 64-bit paging (CR0.PG, CR4.PAE,
 * EFER.LMA); expected during boot, not reported. */
MUST_USE status guest_space_from_registers(const struct cpu_registers *registers, struct guest_space *ret_space,
					   struct guest_space *ret_kernel_space);

/* A process's space from its mm's pgd as physical address. */
struct guest_space guest_space_with_root(const struct guest_space *kernel, struct guest_pa root);

#endif
