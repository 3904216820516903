/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a target's memory comes from: the interface that each source
 * (agent/qemu.c, agent/dump.c, the link's far end) implements.
 *
 * All that a source says about the target is hostile; what a trusted source
 * says about itself (which ranges are RAM) is believed, after bounds checks.
 */
#ifndef GUEST_MEMORY_SOURCE_H
#define GUEST_MEMORY_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/memory/address.h"

/* One run of RAM: guest physical addresses [start, start + size). */
struct ram_range {
	struct guest_pa start;
	uint64_t size;
};

enum {
	/* PC firmware splits RAM at the PCI hole; NUMA nodes and hot-plugged
	 * DIMMs add more. QEMU allows 256 DIMM slots; few are ever filled. */
	RAM_RANGE_COUNT_MAX = 64,
};

/* Sorted by start, not overlapping, every range page-aligned and not empty. */
struct ram_map {
	struct ram_range range[RAM_RANGE_COUNT_MAX];
	uint32_t range_count;
};

/* No addresses: no CPU takes them for one. */
#define CPU_LSTAR_NONE (UINT64_C(1) << 62) /* the source has looked, and there is none */
#define CPU_LSTAR_LATE (UINT64_C(1) << 63) /* it would know, but this CPU didn't answer in time */

/* What a CPU of the target says about its paging, where the source can tell. */
struct cpu_registers {
	uint64_t cr0, cr3, cr4, efer;
	uint64_t idt_base;
	uint64_t lstar; /* where system calls enter; 0: this source knows no CPU's; CPU_LSTAR_… */
	uint32_t cpu_index;
	uint32_t cpl; /* 0 where the CPU was in the kernel, 3 in user space */
};

/* What came of a pause. */
struct source_pause {
	uint64_t stopped_ns; /* 0: it stood already, and does so still */
	bool was_late; /* something was read after the source had let it go on by itself: its time was over */
};

/* Some bytes of one page, and where they go. */
struct page_part {
	struct guest_pa start;
	void *destination;
	size_t size;
};

enum { PAGE_PART_COUNT_MAX = 32 };

struct page_source;
struct plan;
struct plan_cursor;
struct plan_sink;

struct page_source_ops {
	/* Copy [start, start + size) of RAM; the whole range lies in one page.
	 * STATUS_UNMAPPED: not RAM. STATUS_GONE: the target ended.
	 * STATUS_IO: the source itself failed, and said so with report(). */
	status (*read)(struct page_source *source, struct guest_pa start, void *destination, size_t size);
	/* As read, for `page_count` whole pages in one go; each page's own
	 * outcome goes to results[i]. Returns STATUS_OK if every result was
	 * set. May be NULL: then read is called for each. */
	status (*read_pages)(struct page_source *source, const struct guest_pa *pages, size_t page_count,
			     uint8_t (*destination)[GUEST_PAGE_SIZE], status *results);
	/* As read, for up to PAGE_PART_COUNT_MAX parts in one go; STATUS_OK if all were
	 * read, else what was the matter with one. May be NULL: then read is called for each. */
	status (*read_parts)(struct page_source *source, const struct page_part *parts, size_t part_count);
	/* For searches through all of RAM. May be NULL; then all of it is read
	 * with read_pages. The next run of RAM at or after `start` that may
	 * hold anything but zeros (RAM that was never touched is skipped: to
	 * read it would allocate it), and, where the source has it mapped, a
	 * pointer to its first byte, else NULL. What the pointer shows changes
	 * underneath: candidates only; copy through the cache before use.
	 * STATUS_END: nothing more. */
	status (*next_populated)(struct page_source *source, struct guest_pa start, struct ram_range *ret_range,
				 const uint8_t **ret_bytes);
	/* The target's RAM. */
	status (*ram_map)(struct page_source *source, struct ram_map *ret_map);
	/* Registers of one CPU. STATUS_MISSING where the source can't know;
	 * STATUS_END where cpu_index is beyond the last CPU. */
	status (*registers)(struct page_source *source, uint32_t cpu_index, struct cpu_registers *ret_registers);
	/* Run a plan from where `cursor` stands (both valid: guest/memory/plan.h), hand
	 * each line that it touched to `sink`, and move the cursor. May be NULL: plans are
	 * then left out. STATUS_GONE, STATUS_DENIED (no right to user memory),
	 * STATUS_LIMIT (quota), STATUS_IO, STATUS_UNSUPPORTED (not this source). */
	status (*run_plan)(struct page_source *source, const struct plan *plan, struct plan_cursor *cursor,
			   struct plan_sink *sink);
	/* Let the target stand still, until resume or at most as long as the source allows; one
	 * that stands already is left alone. NULL, STATUS_UNSUPPORTED: this source can't;
	 * STATUS_DENIED: no right to; STATUS_IO. */
	status (*pause)(struct page_source *source);
	/* Let it go on. To be called after each success of pause; what came of it. */
	status (*resume)(struct page_source *source, struct source_pause *ret_pause);
	/* Is it still the same running system? STATUS_GONE if the process or
	 * the machine has ended. Cheap: called once an epoch. */
	status (*check)(struct page_source *source);
};

/* The first member of each source's own struct. */
struct page_source {
	const struct page_source_ops *ops;
	/* Where a question takes much longer than a page of its answer: with so many
	 * pages at most, the cache asks ahead (read_pages). 0: it never does. */
	uint32_t ahead_pages;
	/* Memory as it is now, where this source shows an epoch that several share; NULL: it shows that
	 * itself. */
	struct page_source *now;
};

#endif
