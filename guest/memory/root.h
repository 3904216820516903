/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding the kernel's own page tables in a target of which nothing is known.
 *
 * Linux keeps a text about itself for crash dumps, VMCOREINFO (kernel/
 * crash_core.c; Linux 5.10 to 7.2): in it SYMBOL(init_top_pgt), phys_base, the
 * KASLR offset and the number of levels. A program inside the target can write
 * such a text too, so a candidate counts only when its page tables bear it out
 * and the kernel's own data points to it. Where the source knows the CPUs'
 * registers, the tables in use decide.
 */
#ifndef GUEST_MEMORY_ROOT_H
#define GUEST_MEMORY_ROOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/memory/memory.h"
#include "guest/memory/space.h"

/* What says that the root is the right one; more is better. */
enum guest_root_evidence {
	/* The tables map the root itself where the kernel's symbol says, and
	 * the release in init_uts_ns is the note's. Always there. */
	GUEST_ROOT_CONSISTENT = 1 << 0,
	/* The kernel's data points to the page with the note. */
	GUEST_ROOT_POINTED_TO = 1 << 1,
	/* A CPU runs on tables with the same kernel half. */
	GUEST_ROOT_IN_USE = 1 << 2,
	/* The tables that CPUs are started with, below 1 MiB, have the same
	 * kernel half (arch/x86/realmode/init.c, trampoline_pgd). Every boot
	 * overwrites them: what an earlier boot left in RAM doesn't have this. */
	GUEST_ROOT_STARTED_FROM = 1 << 3,
};

struct guest_root {
	struct guest_space space; /* init_top_pgt, or a CPU's CR3 where from_note is false */
	uint32_t evidence; /* enum guest_root_evidence */
	bool from_note; /* false: known from registers alone; the fields below are 0 */
	struct guest_pa note; /* the page that holds the text */
	uint64_t text_offset; /* KASLR: where the kernel runs minus where it was linked */
	uint64_t physical_base; /* phys_base: physical minus link address of the kernel's image */
	struct guest_va root_symbol; /* init_top_pgt */
	struct guest_va text_symbol; /* _stext */
	char release[65]; /* printable, NUL-terminated */
	struct guest_va idt; /* of the CPU that the registers came from; 0 unknown */
	/* What else was seen, for messages: texts that were taken for decoys
	 * or leftovers of an earlier boot. */
	uint32_t refused_count;
};

/* Find the root, by VMCOREINFO and registers together: the note's root where
 * one holds, else the CR3 of a CPU (that goes stale when its process ends: use
 * it to find init_top_pgt and change over at once).
 * STATUS_MISSING: neither; reported with what was seen. STATUS_MISMATCH: two
 * different roots hold equally well; reported with both. STATUS_GONE,
 * STATUS_IO from the source. STATUS_LIMIT: more texts, or more that looks like
 * pointers to them, than any honest guest has; reported. Reads all populated RAM unless registers settle
 * it earlier. */
MUST_USE status guest_root_find(struct guest_memory *memory, struct guest_root *ret_root);

/* By registers alone: the first CPU in 64-bit paging whose tables map its IDT,
 * with the root as the kernel uses it (KPTI: the kernel's half).
 * STATUS_MISSING where the source knows no registers or no CPU fits; not
 * reported. */
MUST_USE status guest_root_from_registers(struct guest_memory *memory, struct guest_root *ret_root);

/* The tables that a CPU runs on, as the kernel uses them. False: they aren't a kernel's. */
bool guest_root_of_cpu(struct guest_memory *memory, const struct cpu_registers *registers,
		       struct guest_space *ret_space);

#endif
