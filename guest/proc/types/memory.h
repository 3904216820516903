/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes, zones and what they count (include/linux/mmzone.h, vmstat.h,
 * vm_event_item.h, hugetlb.h, swap.h). */
#ifndef GUEST_PROC_TYPES_MEMORY_H
#define GUEST_PROC_TYPES_MEMORY_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/fs.h"

#include "guest/kernel/guestc-types-begin.h"

/* The target's values are asked for, of all of these enums. */
enum zone_stat_item {
	NR_FREE_PAGES = 0,
	NR_MLOCK,
	NR_PAGETABLE___zone, /* before 5.11 */
	NR_BOUNCE, /* before 6.16 */
	NR_FREE_CMA_PAGES,
	NR_UNACCEPTED, /* where configured */
	NR_VM_ZONE_STAT_ITEMS,
};

enum numa_stat_item {
	NR_VM_NUMA_STAT_ITEMS = 6, /* before 5.14 */
	NR_VM_NUMA_EVENT_ITEMS = 7,
};

enum node_stat_item {
	NR_INACTIVE_ANON = 0,
	NR_ACTIVE_ANON,
	NR_INACTIVE_FILE,
	NR_ACTIVE_FILE,
	NR_UNEVICTABLE,
	NR_SLAB_RECLAIMABLE_B,
	NR_SLAB_UNRECLAIMABLE_B,
	NR_FILE_PAGES,
	NR_SWAPCACHE, /* from 5.12 */
	NR_FILE_DIRTY,
	NR_WRITEBACK,
	NR_WRITEBACK_TEMP, /* before 6.16 */
	NR_ANON_MAPPED,
	NR_FILE_MAPPED,
	NR_SHMEM,
	NR_SHMEM_THPS,
	NR_SHMEM_PMDMAPPED,
	NR_FILE_THPS,
	NR_FILE_PMDMAPPED,
	NR_ANON_THPS,
	NR_KERNEL_MISC_RECLAIMABLE,
	NR_KERNEL_STACK_KB,
	NR_PAGETABLE, /* from 5.11 */
	NR_SECONDARY_PAGETABLE, /* from 6.1 */
	NR_VMALLOC, /* newest kernels; older: nr_vmalloc_pages */
	NR_BALLOON_PAGES, /* newest kernels, these three */
	NR_GPU_ACTIVE,
	NR_GPU_RECLAIM,
	NR_VM_NODE_STAT_ITEMS,
};

enum writeback_stat_item {
	NR_VM_WRITEBACK_STAT_ITEMS = 2, /* before 6.11 */
};

enum vm_stat_item {
	NR_DIRTY_THRESHOLD,
	NR_DIRTY_BG_THRESHOLD,
	NR_MEMMAP_PAGES,
	NR_MEMMAP_BOOT_PAGES,
	NR_VM_STAT_ITEMS,
};

enum vm_event_item {
	PGPGIN,
	PGPGOUT,
	NR_VM_EVENT_ITEMS,
};

enum zone_watermarks {
	WMARK_MIN,
	WMARK_LOW,
	WMARK_HIGH,
	WMARK_PROMO, /* from 5.18 */
};

enum node_states {
	N_ONLINE = 1,
	N_MEMORY = 3,
};

enum migratetype {
	MIGRATE_TYPES = 6,
};

enum pageblock_bits {
	PB_migrate_isolate, /* from 6.17; with it a block has eight bits instead of four */
};

/* Arrays of these are as long as the kernel's: ask field_size(). */
struct free_area {
	struct list_head free_list[6];
	unsigned long nr_free;
};

/* Before 5.14; then split into the two after it. Per CPU. */
struct per_cpu_pageset {
	struct {
		int count, high, batch;
	} pcp;
	s8 stat_threshold;
	u16 vm_numa_stat_diff[1];
};

struct per_cpu_pages {
	int count, high, batch;
	int high_min, high_max; /* from 6.7 */
};

struct per_cpu_zonestat {
	s8 stat_threshold;
	unsigned long vm_numa_event[1];
};

struct zone {
	unsigned long _watermark[4];
	unsigned long watermark_boost;
	unsigned long nr_reserved_highatomic, nr_free_highatomic;
	s64 lowmem_reserve[1];
	struct per_cpu_pageset *pageset; /* before 5.14; per CPU, as the two from then on */
	struct per_cpu_pages *per_cpu_pageset;
	struct per_cpu_zonestat *per_cpu_zonestats;
	unsigned long *pageblock_flags; /* where memory isn't sparse */
	unsigned long zone_start_pfn, spanned_pages, present_pages;
	unsigned long cma_pages; /* where CMA is configured */
	atomic_long_t managed_pages;
	const char *name;
	struct free_area free_area[1];
	s64 vm_stat[1], vm_numa_stat[1], vm_numa_event[1]; /* atomic_long_t; the last two are one or the other */
};

/* A nodemask_t; it has no tag. */
typedef struct {
	unsigned long bits[1];
} nodemask_t;

struct pglist_data {
	struct zone node_zones[1];
	int node_id;
	int kswapd_failures; /* an atomic_t in newest kernels: */
	s64 vm_stat[1]; /* atomic_long_t */
};

struct pglist_data___atomic {
	atomic_t kswapd_failures;
};

struct mem_section {
	unsigned long section_mem_map; /* an address, and flags */
	struct mem_section_usage *usage;
};

struct mem_section_usage {
	unsigned long subsection_map[1], pageblock_flags[1];
};

struct hstate {
	unsigned int order;
	unsigned long nr_huge_pages, free_huge_pages, resv_huge_pages, surplus_huge_pages;
};

struct swap_info_struct {
	unsigned long flags;
	unsigned int inuse_pages : 32;
};

#include "guest/kernel/guestc-types-end.h"

extern nodemask_t node_states[];
extern struct pglist_data *node_data[];
extern struct pglist_data contig_page_data; /* where NUMA isn't configured */

/* Texts of all counters, in the order of /proc/vmstat. */
extern const char *const vmstat_text[];

#endif
