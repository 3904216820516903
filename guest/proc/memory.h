/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts of memory (include/linux/vmstat.h, mm/vmstat.c). Pages unless said
 * otherwise. Guest C. */
#ifndef GUEST_PROC_MEMORY_H
#define GUEST_PROC_MEMORY_H

#include "guest/proc/seq.h"
#include "guest/proc/types/memory.h"

enum {
	MEMORY_PAGE_SIZE = 4096,
	/* Pages of a huge page that one entry of a page directory maps. */
	MEMORY_HUGE_PAGES = 512,
	/* Nodes: MAX_NUMNODES with MAXSMP (arch/x86/Kconfig). */
	MEMORY_NODE_COUNT_MAX = 1024,
	/* Kinds of counters, and of zones: several times any kernel's. */
	MEMORY_ITEM_COUNT_MAX = 512,
	MEMORY_ZONE_COUNT_MAX = 16,
	MEMORY_NAME_SIZE = 64,
};

/* global_zone_page_state(), global_node_page_state(): as they do, without what
 * CPUs haven't folded in yet. */
GUEST_C u64 memory_zone_state(s64 item);
GUEST_C u64 memory_node_state(s64 item);

/* The same of one zone or node; `values` is its vm_stat. */
GUEST_C u64 memory_state_of(const s64 *values, s64 item, u64 values_size);

/* How many counters there are of each kind; the length of a table the kernel
 * doesn't have is 0. */
GUEST_C u32 memory_zone_item_count(void);
GUEST_C u32 memory_numa_item_count(void);
GUEST_C u32 memory_node_item_count(void);

/* Is node counter `item` shown in huge pages (vmstat_item_print_in_thp())? */
GUEST_C bool memory_item_is_huge(s64 item);

/* The text of counter `index` of /proc/vmstat. */
GUEST_C void memory_item_name(u32 index, char ret_name[MEMORY_NAME_SIZE]);

/* The nodes that are online, one after the other: `node` −1 gives the first;
 * NULL after the last. */
GUEST_C const struct pglist_data *memory_node_next(const struct pglist_data *previous);
GUEST_C bool memory_node_is(const struct pglist_data *node, s64 state);

/* Zone `index` of a node; NULL beyond the last. */
GUEST_C const struct zone *memory_zone(const struct pglist_data *node, u32 index);
GUEST_C void memory_zone_name(const struct zone *zone, char name[MEMORY_NAME_SIZE]);

/* A zone's watermark (min, low, …), boost included. */
GUEST_C u64 memory_watermark(const struct zone *zone, s64 which);

/* global_dirtyable_memory() (mm/page-writeback.c), and what is always kept. */
GUEST_C u64 memory_dirtyable(void);
GUEST_C u64 memory_reserved(void);

/* percpu_counter_sum_positive(). */
GUEST_C u64 memory_counter_sum(const struct percpu_counter *counter);

/* si_meminfo() and si_swapinfo(): in pages. */
struct memory_summary {
	u64 total, free, shared, buffers, swap_total, swap_free;
};

GUEST_C void memory_summary_read(struct memory_summary *ret_summary);

#endif
