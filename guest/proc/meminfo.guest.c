/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/meminfo: fs/proc/meminfo.c, mm/show_mem.c (before: page_alloc.c),
 * mm/util.c, mm/hugetlb.c, mm/swapfile.c, arch/x86/mm/pat/set_memory.c, 5.10 to 7.2. */
#include "guest/proc/memory.h"
#include "guest/proc/shows.h"

enum {
	SWAP_FILE_COUNT_MAX = 32, /* 1 << MAX_SWAPFILES_SHIFT */
	SWP_USED = 1 << 0, /* include/linux/swap.h */
	SWP_WRITEOK = 1 << 1,
	SWAPPER_SPACE_COUNT_MAX = 1 << 16, /* one for each 64 MiB: swap space of 4 TiB */
	HUGE_SIZE_COUNT_MAX = 8, /* HUGE_MAX_HSTATE is 2 on x86 */
	HUGE_ORDER_MAX = 18, /* of 1 GiB */
	PAGE_LEVEL_4K = 1, /* enum pg_level (arch/x86/include/asm/pgtable_types.h) */
	PAGE_LEVEL_2M = 2,
	PAGE_LEVEL_1G = 3,
};

extern s64 _totalram_pages, nr_swap_pages, zswap_stored_pages, num_poisoned_pages, nr_vmalloc_pages;
extern s64 total_swap_pages;
extern struct super_block *blockdev_superblock;
extern struct percpu_counter vm_committed_as;
extern unsigned long sysctl_overcommit_kbytes, totalcma_pages, pcpu_nr_populated, early_memtest_bad_size;
extern int sysctl_overcommit_ratio, pcpu_nr_units, direct_gbpages, hugetlb_max_hstate;
extern u32 nr_swapfiles, __pgtable_l5_enabled, default_hstate_idx;
extern struct swap_info_struct *swap_info[];
extern struct hstate hstates[];
extern unsigned long direct_pages_count[];
extern u64 zswap_pool_total_size;
extern bool early_memtest_done;
extern struct list_head zswap_pools;

/* Swapped-out pages in memory, before node counters had them (5.11). */
extern u32 nr_swapper_spaces[];
extern struct address_space *swapper_spaces[];

static void show_kb(struct seq *seq, const char *name, u64 pages)
{
	seq_printf(seq, "%s%8llu kB\n", name, pages << 2);
}

#define show_node(seq, name, item) show_kb(seq, name, memory_node_state(enum_value(enum node_stat_item, item)))
#define show_zone(seq, name, item) show_kb(seq, name, memory_zone_state(enum_value(enum zone_stat_item, item)))
#define node_state(item) memory_node_state(enum_value(enum node_stat_item, item))

/* nr_blockdev_pages() */
static u64 buffer_pages(void)
{
	const struct inode *inode;
	u64 pages = 0;

	list_for_each_entry (inode, &blockdev_superblock->s_inodes, i_sb_list)
		pages += inode->i_mapping->nrpages;
	return pages;
}

static u64 low_watermarks(void)
{
	u64 pages = 0;

	for (const struct pglist_data *node = memory_node_next(NULL); node != NULL; node = memory_node_next(node)) {
		const struct zone *zone;

		for (u32 i = 0; (zone = memory_zone(node, i)) != NULL; i++)
			pages += memory_watermark(zone, enum_value(enum zone_watermarks, WMARK_LOW));
	}
	return pages;
}

/* si_mem_available() */
static u64 available_pages(void)
{
	u64 low = low_watermarks();
	s64 pages = (s64)memory_zone_state(enum_value(enum zone_stat_item, NR_FREE_PAGES)) - (s64)memory_reserved();
	u64 cache = node_state(NR_ACTIVE_FILE) + node_state(NR_INACTIVE_FILE);
	u64 reclaimable = node_state(NR_SLAB_RECLAIMABLE_B) + node_state(NR_KERNEL_MISC_RECLAIMABLE);

	pages += (s64)(cache - min(cache / 2, low));
	pages += (s64)(reclaimable - min(reclaimable / 2, low));
	return (u64)max(pages, 0ll);
}

struct swap {
	u64 total, free, cached;
};

/* total_swapcache_pages(), 5.10. Swap space that is being taken away keeps its spaces until they are empty. */
static u64 swap_cached(u32 file_count)
{
	u64 pages = 0;

	if (enum_value_exists(enum node_stat_item, NR_SWAPCACHE))
		return node_state(NR_SWAPCACHE);
	for (u32 i = 0; i < file_count; i++) {
		const struct address_space *spaces = swapper_spaces[i];
		u32 count = nr_swapper_spaces[i];

		if (count > SWAPPER_SPACE_COUNT_MAX)
			guest_fail(STATUS_MALFORMED, "a swap file is larger than any is");
		for (u32 j = 0; j < count; j++)
			pages += spaces[j].nrpages;
	}
	return pages;
}

/* si_swapinfo(); where CONFIG_SWAP isn't set there is nothing of it. */
static void swap_read(struct swap *swap)
{
	u64 ending = 0;
	u32 count;

	*swap = (struct swap){};
	if (!symbol_exists(nr_swapfiles))
		return;
	count = min(nr_swapfiles, (u32)SWAP_FILE_COUNT_MAX);

	for (u32 i = 0; i < count; i++) {
		const struct swap_info_struct *file = swap_info[i];

		if ((file->flags & SWP_USED) != 0 && (file->flags & SWP_WRITEOK) == 0)
			ending += file->inuse_pages;
	}
	swap->total = (u64)total_swap_pages + ending;
	swap->free = (u64)nr_swap_pages + ending;
	swap->cached = swap_cached(count);
}

void memory_summary_read(struct memory_summary *ret_summary)
{
	struct swap swap;

	swap_read(&swap);
	ret_summary->total = (u64)_totalram_pages;
	ret_summary->free = memory_zone_state(enum_value(enum zone_stat_item, NR_FREE_PAGES));
	ret_summary->shared = node_state(NR_SHMEM);
	ret_summary->buffers = buffer_pages();
	ret_summary->swap_total = swap.total;
	ret_summary->swap_free = swap.free;
}

static void show_file_pages(struct seq *seq, const struct swap *swap)
{
	u64 buffers = buffer_pages();
	s64 cached = (s64)node_state(NR_FILE_PAGES) - (s64)swap->cached - (s64)buffers;

	show_kb(seq, "MemTotal:       ", (u64)_totalram_pages);
	show_zone(seq, "MemFree:        ", NR_FREE_PAGES);
	show_kb(seq, "MemAvailable:   ", available_pages());
	show_kb(seq, "Buffers:        ", buffers);
	show_kb(seq, "Cached:         ", (u64)max(cached, 0ll));
	show_kb(seq, "SwapCached:     ", swap->cached);
}

static void show_lists(struct seq *seq)
{
	u64 active_anon = node_state(NR_ACTIVE_ANON), active_file = node_state(NR_ACTIVE_FILE);
	u64 inactive_anon = node_state(NR_INACTIVE_ANON), inactive_file = node_state(NR_INACTIVE_FILE);

	show_kb(seq, "Active:         ", active_anon + active_file);
	show_kb(seq, "Inactive:       ", inactive_anon + inactive_file);
	show_kb(seq, "Active(anon):   ", active_anon);
	show_kb(seq, "Inactive(anon): ", inactive_anon);
	show_kb(seq, "Active(file):   ", active_file);
	show_kb(seq, "Inactive(file): ", inactive_file);
	show_node(seq, "Unevictable:    ", NR_UNEVICTABLE);
	show_zone(seq, "Mlocked:        ", NR_MLOCK);
}

/* zswap_total_pages(); how a pool counts is its own driver's matter. */
static void show_compressed_swap(struct seq *seq)
{
	if (!symbol_exists(zswap_stored_pages))
		return;
	if (symbol_exists(zswap_pool_total_size))
		seq_printf(seq, "Zswap:          %8llu kB\n", zswap_pool_total_size >> 10);
	else if (!symbol_exists(zswap_pools) || list_empty(&zswap_pools))
		seq_printf(seq, "Zswap:          %8u kB\n", 0u);
	else
		guest_fail(STATUS_UNSUPPORTED, "this kernel's compressed swap pool isn't counted");
	seq_printf(seq, "Zswapped:       %8llu kB\n", (u64)zswap_stored_pages << 2);
}

static void show_kernel_pages(struct seq *seq)
{
	u64 reclaimable = node_state(NR_SLAB_RECLAIMABLE_B), unreclaimable = node_state(NR_SLAB_UNRECLAIMABLE_B);

	show_node(seq, "Dirty:          ", NR_FILE_DIRTY);
	show_node(seq, "Writeback:      ", NR_WRITEBACK);
	show_node(seq, "AnonPages:      ", NR_ANON_MAPPED);
	show_node(seq, "Mapped:         ", NR_FILE_MAPPED);
	show_node(seq, "Shmem:          ", NR_SHMEM);
	show_kb(seq, "KReclaimable:   ", reclaimable + node_state(NR_KERNEL_MISC_RECLAIMABLE));
	show_kb(seq, "Slab:           ", reclaimable + unreclaimable);
	show_kb(seq, "SReclaimable:   ", reclaimable);
	show_kb(seq, "SUnreclaim:     ", unreclaimable);
	seq_printf(seq, "KernelStack:    %8llu kB\n", node_state(NR_KERNEL_STACK_KB));
	if (enum_value_exists(enum node_stat_item, NR_PAGETABLE))
		show_node(seq, "PageTables:     ", NR_PAGETABLE);
	else
		show_zone(seq, "PageTables:     ", NR_PAGETABLE___zone);
	if (enum_value_exists(enum node_stat_item, NR_SECONDARY_PAGETABLE))
		show_node(seq, "SecPageTables:  ", NR_SECONDARY_PAGETABLE);
	show_kb(seq, "NFS_Unstable:   ", 0);
	show_kb(seq, "Bounce:         ",
		enum_value_exists(enum zone_stat_item, NR_BOUNCE)
			? memory_zone_state(enum_value(enum zone_stat_item, NR_BOUNCE))
			: 0);
	show_kb(seq, "WritebackTmp:   ",
		enum_value_exists(enum node_stat_item, NR_WRITEBACK_TEMP) ? node_state(NR_WRITEBACK_TEMP) : 0);
}

static const struct hstate *huge_pages(u32 index)
{
	const struct hstate *huge = (const struct hstate *)((const char *)hstates + index * type_size(struct hstate));

	if (huge->order > HUGE_ORDER_MAX)
		guest_fail(STATUS_MALFORMED, "a size of huge pages is beyond the CPU's");
	return huge;
}

static u32 huge_size_count(void)
{
	if (!symbol_exists(hugetlb_max_hstate))
		return 0;
	return min((u32)hugetlb_max_hstate, (u32)HUGE_SIZE_COUNT_MAX);
}

static u64 huge_pages_total(void)
{
	u64 pages = 0;

	for (u32 i = 0; i < huge_size_count(); i++)
		pages += huge_pages(i)->nr_huge_pages << huge_pages(i)->order;
	return pages;
}

/* vm_commit_limit() */
static u64 commit_limit(void)
{
	if (sysctl_overcommit_kbytes != 0)
		return (sysctl_overcommit_kbytes >> 2) + (u64)total_swap_pages;
	u64 pages = (u64)_totalram_pages - huge_pages_total();
	return pages * (u64)sysctl_overcommit_ratio / 100 + (u64)total_swap_pages;
}

static u64 vmalloc_pages(void)
{
	return enum_value_exists(enum node_stat_item, NR_VMALLOC) ? node_state(NR_VMALLOC) : (u64)nr_vmalloc_pages;
}

/* VMALLOC_TOTAL: 32 TiB, or 12800 with five levels of page tables
 * (arch/x86/include/asm/pgtable_64_types.h), less a byte. */
static u64 vmalloc_size(void)
{
	bool large = symbol_exists(__pgtable_l5_enabled) && __pgtable_l5_enabled != 0;

	return ((large ? 12800ull : 32ull) << 40) - 1;
}

static void show_limits(struct seq *seq)
{
	show_kb(seq, "CommitLimit:    ", commit_limit());
	show_kb(seq, "Committed_AS:   ", memory_counter_sum(&vm_committed_as));
	seq_printf(seq, "VmallocTotal:   %8llu kB\n", vmalloc_size() >> 10);
	show_kb(seq, "VmallocUsed:    ", vmalloc_pages());
	show_kb(seq, "VmallocChunk:   ", 0);
	show_kb(seq, "Percpu:         ", (u64)pcpu_nr_populated * (u32)pcpu_nr_units);
	if (symbol_exists(early_memtest_done) && early_memtest_done) {
		u64 bad = early_memtest_bad_size >> 10;
		seq_printf(seq, "EarlyMemtestBad:   %5llu kB\n", early_memtest_bad_size != 0 && bad == 0 ? 1 : bad);
	}
	if (symbol_exists(num_poisoned_pages))
		seq_printf(seq, "HardwareCorrupted: %5llu kB\n", (u64)num_poisoned_pages << 2);
}

static void show_huge(struct seq *seq, const char *name, s64 item)
{
	show_kb(seq, name, memory_node_state(item) * (memory_item_is_huge(item) ? 1 : MEMORY_HUGE_PAGES));
}

/* Are transparent huge pages configured? Their own state tells. */
extern unsigned long transparent_hugepage_flags;

static void show_special_pages(struct seq *seq)
{
	if (symbol_exists(transparent_hugepage_flags)) {
		show_huge(seq, "AnonHugePages:  ", enum_value(enum node_stat_item, NR_ANON_THPS));
		show_huge(seq, "ShmemHugePages: ", enum_value(enum node_stat_item, NR_SHMEM_THPS));
		show_huge(seq, "ShmemPmdMapped: ", enum_value(enum node_stat_item, NR_SHMEM_PMDMAPPED));
		show_huge(seq, "FileHugePages:  ", enum_value(enum node_stat_item, NR_FILE_THPS));
		show_huge(seq, "FilePmdMapped:  ", enum_value(enum node_stat_item, NR_FILE_PMDMAPPED));
	}
	if (field_exists(struct zone, cma_pages)) {
		show_kb(seq, "CmaTotal:       ", totalcma_pages);
		show_zone(seq, "CmaFree:        ", NR_FREE_CMA_PAGES);
	}
	if (enum_value_exists(enum zone_stat_item, NR_UNACCEPTED))
		show_zone(seq, "Unaccepted:     ", NR_UNACCEPTED);
	if (enum_value_exists(enum node_stat_item, NR_BALLOON_PAGES))
		show_node(seq, "Balloon:        ", NR_BALLOON_PAGES);
	if (enum_value_exists(enum node_stat_item, NR_GPU_ACTIVE))
		show_node(seq, "GPUActive:      ", NR_GPU_ACTIVE);
	if (enum_value_exists(enum node_stat_item, NR_GPU_RECLAIM))
		show_node(seq, "GPUReclaim:     ", NR_GPU_RECLAIM);
}

/* hugetlb_report_meminfo() */
static void show_reserved_huge_pages(struct seq *seq)
{
	if (huge_size_count() == 0)
		return;
	for (u32 i = 0; i < huge_size_count(); i++) {
		const struct hstate *huge = huge_pages(i);

		if (i != default_hstate_idx)
			continue;
		seq_printf(seq, "HugePages_Total:   %5llu\nHugePages_Free:    %5llu\n", (u64)huge->nr_huge_pages,
			   (u64)huge->free_huge_pages);
		seq_printf(seq, "HugePages_Rsvd:    %5llu\nHugePages_Surp:    %5llu\n", (u64)huge->resv_huge_pages,
			   (u64)huge->surplus_huge_pages);
		seq_printf(seq, "Hugepagesize:   %8llu kB\n", 4ull << huge->order);
	}
	seq_printf(seq, "Hugetlb:        %8llu kB\n", huge_pages_total() << 2);
}

/* arch_report_meminfo() */
static void show_direct_map(struct seq *seq)
{
	const unsigned long *counts = direct_pages_count;

	seq_printf(seq, "DirectMap4k:    %8llu kB\n", (u64)counts[PAGE_LEVEL_4K] << 2);
	seq_printf(seq, "DirectMap2M:    %8llu kB\n", (u64)counts[PAGE_LEVEL_2M] << 11);
	if (direct_gbpages != 0)
		seq_printf(seq, "DirectMap1G:    %8llu kB\n", (u64)counts[PAGE_LEVEL_1G] << 20);
}

void meminfo_show(struct seq *seq)
{
	struct swap swap;

	swap_read(&swap);
	show_file_pages(seq, &swap);
	show_lists(seq);
	show_kb(seq, "SwapTotal:      ", swap.total);
	show_kb(seq, "SwapFree:       ", swap.free);
	show_compressed_swap(seq);
	show_kernel_pages(seq);
	show_limits(seq);
	show_special_pages(seq);
	show_reserved_huge_pages(seq);
	show_direct_map(seq);
}
