/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Linux kernel found in a target's memory: where it is, its symbols and its
 * types. No symbol file: everything comes from kallsyms and BTF in RAM, or
 * from a profile that pins the same facts.
 */
#ifndef GUEST_KERNEL_KERNEL_H
#define GUEST_KERNEL_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/kernel/module-types.h"
#include "guest/memory/memory.h"
#include "guest/memory/space.h"

struct guest_symbols; /* guest/kernel/kallsyms.h */
struct guest_types; /* guest/kernel/btf.h */
struct guest_profile; /* guest/kernel/profile.h */

/* Where a kernel has what tells its boots apart: looked up once. 0: nowhere. */
struct guest_landmarks {
	uint64_t banner, page_table;
	uint64_t word[4]; /* page_offset_base, vmalloc_base, vmcoreinfo_data, init_task's canary */
};

struct plan;

struct guest_kernel {
	struct guest_memory *memory;
	struct guest_space space; /* init_top_pgt: the kernel's own page tables */
	struct guest_va text; /* _text, as relocated by KASLR */
	uint64_t text_offset; /* KASLR: _text minus its link address */
	struct guest_symbols *symbols;
	struct guest_types *types;
	char banner[256]; /* linux_banner, printable, NUL-terminated */
	struct guest_landmarks landmarks;
	struct guest_va types_start; /* BTF, of which `types` has only pieces at hand */
	struct guest_module_places modules;
	const char *origin; /* "memory", or "profile" where a profile pinned it */
	/* Changes when the guest rebooted and everything must be found again. */
	uint64_t boot_id;
	uint64_t ahead_epoch; /* in which guest_kernel_read_ahead() last did something */
	/* Adds steps to its plan, for what is going to be read next; NULL: nothing. */
	void (*read_more)(struct guest_kernel *kernel, struct plan *plan);
};

/* Find Linux in `memory`, by a CPU's registers where the source knows them,
 * else by searching RAM. `profile` may be NULL; else symbols and types are
 * taken from it and checked against what is in memory.
 * Faults, each reported with what was found and what to do: STATUS_MISSING (no
 * Linux kernel found), STATUS_UNSUPPORTED (no BTF, unknown kallsyms layout),
 * STATUS_MISMATCH (profile and memory differ; names what differs),
 * STATUS_MALFORMED (a forged symbol), STATUS_NO_MEMORY. STATUS_IO comes from the
 * source. STATUS_GONE, the one that isn't reported: the target has ended. */
MUST_USE status guest_kernel_create(struct guest_memory *memory, const struct guest_profile *profile,
				    struct guest_kernel **ret_kernel);
void guest_kernel_destroy(struct guest_kernel *kernel);

/* Give back memory that was used to look things up, and that looking up more
 * takes again. */
void guest_kernel_trim(struct guest_kernel *kernel);

/* Is it still the kernel that was found (banner, page-table root and what is
 * random at each boot in place)? Looks at the current epoch: call it after
 * guest_memory_refresh(). STATUS_GONE after a reboot: destroy, and create
 * again. Reads five pages or so. */
MUST_USE status guest_kernel_check(struct guest_kernel *kernel);

/* Ask for all at once that each epoch begins with: what guest_kernel_check() and
 * guest_module_types_mark() read, which call it. Once an epoch; costs time, or saves it. */
void guest_kernel_read_ahead(struct guest_kernel *kernel);

/* Copy from the kernel's address space. As guest_space_read(). */
MUST_USE status guest_kernel_read(struct guest_kernel *kernel, struct guest_va start, void *destination, size_t size);

#endif
