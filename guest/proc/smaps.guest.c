/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/smaps and smaps_rollup: what of a process is in memory, and with how
 * many it shares that (fs/proc/task_mmu.c, include/linux/mm.h, page-flags.h, mm/util.c;
 * 5.10 to 7.2). */
#include "guest/proc/large.h"
#include "guest/proc/maps.h"
#include "guest/proc/mention.h"
#include "guest/proc/shows.h"
#include "guest/proc/subject.h"
#include "guest/proc/task.h"
#include "guest/proc/types/files.h"
#include "guest/proc/types/options.h"
#include "guest/proc/types/page.h"
#include "guest/proc/user.h"
#include "guest/proc/vma.h"

#include "guest/kernel/guestc-types-begin.h"

/* What a segment of shared memory that is mapped stands for (ipc/shm.c). */
struct shm_file_data {
	struct file *file;
	const struct vm_operations_struct *vm_ops;
};

struct cpuinfo_x86 {
	u32 x86_capability[1];
};

#include "guest/kernel/guestc-types-end.h"

enum {
	SHARE_SHIFT = 12, /* PSS_SHIFT */
	PAGE_SHIFT = 12,
	LARGE_PAGE_SIZE = 2 << 20,
	GIGABYTE = 1 << 30,
	ENTRY_PRESENT = 1 << 0,
	ENTRY_ACCESSED = 1 << 5,
	ENTRY_DIRTY = 1 << 6,
	ENTRY_SPECIAL = 1 << 9, /* _PAGE_SPECIAL: no page of memory's own */
	MAPPING_ANONYMOUS = 1, /* PAGE_MAPPING_ANON; with the next bit: KSM */
	MAPPING_KSM = 3,
	NO_PROCESS = 3, /* ESRCH; the kernel says it where the text is read */
	AREA_NO_PAGES = 0x400, /* VM_PFNMAP */
	AREA_LOCKED = 0x2000, /* VM_LOCKED */
	AREA_HUGE_PAGES = 0x400000, /* VM_HUGETLB */
	AREA_FLAG_COUNT = 64,
	AREA_KEY_SHIFT = 32, /* VM_PKEY_SHIFT */
	AREA_KEY_MASK = 15,
	FEATURE_OSPKE = 16 * 32 + 4, /* X86_FEATURE_OSPKE (asm/cpufeatures.h) */
	FLAG_NAME_SIZE = 2,
};

static const u64 entry_saved_dirty = 1ull << 58; /* _PAGE_SAVED_DIRTY */

extern unsigned long huge_zero_pfn;
extern const char shmem_ops, pte_mkwrite, __show_smap[], show_smap[], show_smap_vma_flags[], hugetlb_vm_op_pagesize,
	shm_pagesize;
extern struct cpuinfo_x86 boot_cpu_data;

/* struct mem_size_stats */
struct sizes {
	u64 resident, shared_clean, shared_dirty, private_clean, private_dirty, referenced, anonymous, ksm, lazy_free;
	u64 anonymous_large, shared_large, file_large, swap, shared_huge, private_huge;
	u64 share, share_dirty, share_anonymous, share_file, share_shared, share_locked, share_swap;
};

/* The large page that a page is part of, or itself. */
struct pages {
	const struct page *page, *head;
	u64 flags, mapping; /* of `head` */
	bool is_large;
};

static const struct page *page_at(u64 physical)
{
	u64 base = symbol_exists(vmemmap_base) ? vmemmap_base : 0xffffea0000000000;

	return (const struct page *)(base + (physical >> PAGE_SHIFT) * type_size(struct page));
}

/* compound_head(): a page behind the first says where that is, or (7.2) which
 * bits of its own address to keep. */
static const struct page *head_of(const struct page *page)
{
	u64 word = field_exists(struct page, compound_info) ? page->compound_info : page->compound_head;

	if ((word & 1) == 0)
		return page;
	word--;
	if ((-word & (-word - 1)) == 0)
		return (const struct page *)((u64)page & word);
	return (const struct page *)word;
}

static void pages_read(struct pages *pages, u64 physical)
{
	pages->page = page_at(physical);
	pages->head = head_of(pages->page);
	guest_copy(&pages->flags, &pages->head->flags, sizeof pages->flags);
	guest_copy(&pages->mapping, &pages->head->mapping, sizeof pages->mapping);
	pages->is_large = (pages->flags >> enum_value(enum pageflags, PG_head) & 1) != 0 || pages->head != pages->page;
}

static bool has_flag(const struct pages *pages, s64 flag)
{
	return (pages->flags >> flag & 1) != 0;
}

static bool is_young(const struct pages *pages)
{
	return enum_value_exists(enum pageflags, PG_young) && has_flag(pages, enum_value(enum pageflags, PG_young));
}

static bool is_anonymous(const struct pages *pages)
{
	return (pages->mapping & MAPPING_ANONYMOUS) != 0;
}

static const struct page *second_page(const struct page *head)
{
	return (const struct page *)((u64)head + type_size(struct page));
}

/* How often processes map the page: folio_precise_page_mapcount(), and before
 * 6.3 page_mapcount(). */
static s32 map_count(const struct pages *pages, const struct page *page)
{
	s32 count = page->_mapcount.counter + 1;

	if (!pages->is_large)
		return count;
	if (type_exists(struct folio) && field_exists(struct folio, _entire_mapcount))
		return max(count, 0) + ((const struct folio *)pages->head)->_entire_mapcount.counter + 1;
	if (!is_anonymous(pages))
		return count;
	const struct page *second = second_page(pages->head);
	u64 second_flags;
	guest_copy(&second_flags, &second->flags, sizeof second_flags);
	bool is_double = (second_flags >> enum_value(enum pageflags, PG_double_map) & 1) != 0;
	return count + second->compound_mapcount.counter + 1 - (is_double ? 1 : 0);
}

/* smaps_page_accumulate() */
static void accumulate(struct sizes *sizes, const struct pages *pages, u64 size, u64 share, bool dirty, bool locked,
		       bool private)
{
	sizes->share += share;
	if (is_anonymous(pages))
		sizes->share_anonymous += share;
	else if (has_flag(pages, enum_value(enum pageflags, PG_swapbacked)))
		sizes->share_shared += share;
	else
		sizes->share_file += share;
	if (locked)
		sizes->share_locked += share;
	if (dirty || has_flag(pages, enum_value(enum pageflags, PG_dirty))) {
		sizes->share_dirty += share;
		*(private ? &sizes->private_dirty : &sizes->shared_dirty) += size;
	} else {
		*(private ? &sizes->private_clean : &sizes->shared_clean) += size;
	}
}

/* pte_dirty(): where there may be shadow stacks (6.6), a page that was written
 * and may not be written any more is marked in another bit. */
static bool is_dirty(u64 entry)
{
	return (entry & ENTRY_DIRTY) != 0 || (symbol_exists(pte_mkwrite) && (entry & entry_saved_dirty) != 0);
}

/* smaps_account(), of a page that is present. */
static void account(struct sizes *sizes, const struct pages *pages, u64 entry, u64 size, bool locked)
{
	bool dirty = is_dirty(entry);
	const struct page *page = pages->page;

	if (is_anonymous(pages)) {
		sizes->anonymous += size;
		if (!dirty && !has_flag(pages, enum_value(enum pageflags, PG_swapbacked)) &&
		    !has_flag(pages, enum_value(enum pageflags, PG_dirty)))
			sizes->lazy_free += size;
	}
	if ((pages->mapping & MAPPING_KSM) == MAPPING_KSM)
		sizes->ksm += size;
	sizes->resident += size;
	if ((entry & ENTRY_ACCESSED) != 0 || is_young(pages) ||
	    has_flag(pages, enum_value(enum pageflags, PG_referenced)))
		sizes->referenced += size;
	if (pages->head->_refcount.counter == 1) {
		accumulate(sizes, pages, size, size << SHARE_SHIFT, dirty, locked, true);
		return;
	}
	for (u64 done = 0; done < size; done += USER_PAGE_SIZE) {
		s32 count = map_count(pages, page);
		u64 share = (u64)USER_PAGE_SIZE << SHARE_SHIFT;

		accumulate(sizes, pages, USER_PAGE_SIZE, count >= 2 ? share / (u64)count : share, dirty, locked,
			   count < 2);
		page = (const struct page *)((u64)page + type_size(struct page));
	}
}

static void account_large(struct sizes *sizes, const struct pages *pages)
{
	if (is_anonymous(pages))
		sizes->anonymous_large += LARGE_PAGE_SIZE;
	else if (has_flag(pages, enum_value(enum pageflags, PG_swapbacked)))
		sizes->shared_large += LARGE_PAGE_SIZE;
	else
		sizes->file_large += LARGE_PAGE_SIZE;
}

struct gathering {
	struct seq *seq;
	struct sizes sizes;
	const struct mm_struct *mm;
	const struct vm_area_struct *vma;
};

/* What isn't in memory: swapped out, or being moved by the kernel. */
static void gather_away(struct gathering *gathering, const struct user_page *page)
{
	struct sizes *sizes = &gathering->sizes;

	if (!user_page_is_swapped(page)) {
		seq_fault(gathering->seq, "pages that are being moved, or marked, aren't counted");
		return;
	}
	sizes->swap += USER_PAGE_SIZE;
	sizes->share_swap += (u64)USER_PAGE_SIZE << SHARE_SHIFT;
	seq_fault(gathering->seq, "how many processes share what is swapped out isn't counted");
}

/* smaps_hugetlb_range(). Page tables that processes share (hugetlb_pmd_shared())
 * hold a whole GiB. */
static void gather_huge(struct gathering *gathering, const struct user_page *found)
{
	struct sizes *sizes = &gathering->sizes;
	struct pages pages;
	s32 count;

	if (found->kind == USER_PAGE_AWAY)
		seq_fault(gathering->seq, "pages of hugetlbfs that are being moved aren't counted");
	if (found->kind != USER_PAGE_PRESENT)
		return;
	if (gathering->vma->vm_end - gathering->vma->vm_start >= GIGABYTE)
		seq_fault(gathering->seq, "with how many a page table of hugetlbfs is shared isn't counted");
	pages_read(&pages, found->physical);
	if (type_exists(struct folio) && field_exists(struct folio, _entire_mapcount))
		count = ((const struct folio *)pages.head)->_entire_mapcount.counter + 1;
	else
		count = second_page(pages.head)->compound_mapcount.counter + 1;
	*(count >= 2 ? &sizes->shared_huge : &sizes->private_huge) += found->size;
}

static void gather_present(struct gathering *gathering, const struct user_page *found, u64 size)
{
	bool locked = (gathering->vma->vm_flags & AREA_LOCKED) != 0;
	struct pages pages;

	if ((found->entry & ENTRY_SPECIAL) != 0)
		return;
	if (found->size == LARGE_PAGE_SIZE && symbol_exists(huge_zero_pfn) &&
	    found->physical >> PAGE_SHIFT == huge_zero_pfn)
		return;
	pages_read(&pages, found->physical);
	if (found->size == LARGE_PAGE_SIZE)
		account_large(&gathering->sizes, &pages);
	account(&gathering->sizes, &pages, found->entry, size, locked);
}

/* One area, page by page; bounded by the file's budget of steps. */
static void gather_area(void *argument)
{
	struct gathering *gathering = argument;
	u64 end = gathering->vma->vm_end;

	for (u64 at = gathering->vma->vm_start; at < end;) {
		struct user_page page;

		user_page_find(gathering->mm, at, &page);
		u64 next = (at | (page.size - 1)) + 1;
		if ((gathering->vma->vm_flags & AREA_HUGE_PAGES) != 0)
			gather_huge(gathering, &page);
		else if (page.kind == USER_PAGE_PRESENT)
			gather_present(gathering, &page, min(next, end) - at);
		else if (page.kind == USER_PAGE_AWAY)
			gather_away(gathering, &page);
		if (next <= at)
			return;
		at = next;
	}
}

static bool is_shared_memory_swapped(const struct vm_area_struct *vma)
{
	const struct inode *inode;

	if (vma->vm_file == NULL || !symbol_exists(shmem_ops))
		return false;
	inode = vma->vm_file->f_inode;
	return (u64)inode->i_sb->s_op == (u64)&shmem_ops &&
	       container_of(inode, struct shmem_inode_info, vfs_inode)->swapped != 0;
}

static void gather(struct gathering *gathering, const struct vm_area_struct *vma)
{
	if ((vma->vm_flags & AREA_NO_PAGES) != 0 || vma->vm_mm == NULL)
		return;
	if (is_shared_memory_swapped(vma))
		seq_fault(gathering->seq, "shared memory that is swapped out isn't counted");
	gathering->vma = vma;
	gather_area(gathering);
}

static void line(struct seq *seq, const char *name, u64 size)
{
	seq_printf(seq, "%-16s%8llu kB\n", name, size >> 10);
}

/* __show_smap() */
static void sizes_show(struct seq *seq, const struct sizes *sizes, bool of_all)
{
	line(seq, "Rss:", sizes->resident);
	line(seq, "Pss:", sizes->share >> SHARE_SHIFT);
	if (code_mentions(__show_smap, " kB\nPss_Dirty:"))
		line(seq, "Pss_Dirty:", sizes->share_dirty >> SHARE_SHIFT);
	if (of_all) {
		line(seq, "Pss_Anon:", sizes->share_anonymous >> SHARE_SHIFT);
		line(seq, "Pss_File:", sizes->share_file >> SHARE_SHIFT);
		line(seq, "Pss_Shmem:", sizes->share_shared >> SHARE_SHIFT);
	}
	line(seq, "Shared_Clean:", sizes->shared_clean);
	line(seq, "Shared_Dirty:", sizes->shared_dirty);
	line(seq, "Private_Clean:", sizes->private_clean);
	line(seq, "Private_Dirty:", sizes->private_dirty);
	line(seq, "Referenced:", sizes->referenced);
	line(seq, "Anonymous:", sizes->anonymous);
	if (code_mentions(__show_smap, " kB\nKSM:"))
		line(seq, "KSM:", sizes->ksm);
	line(seq, "LazyFree:", sizes->lazy_free);
	line(seq, "AnonHugePages:", sizes->anonymous_large);
	line(seq, "ShmemPmdMapped:", sizes->shared_large);
	line(seq, "FilePmdMapped:", sizes->file_large);
	line(seq, "Shared_Hugetlb:", sizes->shared_huge);
	seq_printf(seq, "Private_Hugetlb: %7llu kB\n", sizes->private_huge >> 10);
	line(seq, "Swap:", sizes->swap);
	line(seq, "SwapPss:", sizes->share_swap >> SHARE_SHIFT);
	line(seq, "Locked:", sizes->share_locked >> SHARE_SHIFT);
}

void pid_smaps_rollup_show(struct seq *seq)
{
	struct gathering gathering = {.seq = seq, .mm = mm_subject()};
	const struct vm_area_struct *vma;
	struct vma_walk walk;
	u64 start = 0, end = 0;

	if (gathering.mm == NULL) {
		subject_refuse(NO_PROCESS);
		guest_fail(STATUS_MISSING, "the process has no memory");
	}
	vma_walk_start(&walk, gathering.mm, 0);
	while ((vma = vma_walk_next(&walk)) != NULL) {
		start = end == 0 ? vma->vm_start : start;
		end = vma->vm_end;
		gather(&gathering, vma);
	}
	area_header_show(seq, start, end, 0, 0, 0, 0);
	seq_pad(seq, ' ');
	seq_puts(seq, "[rollup]\n");
	sizes_show(seq, &gathering.sizes, true);
	user_memory_expect(task_subject(), gathering.mm);
}

/* ---- one area after the other */

/* The kernel's own table of flags' names, two letters each, which show_smap_vma_flags()
 * holds the address of; each may have a NUL behind it. */
struct flag_names {
	const char *names; /* NULL: not found */
	u32 step;
};

static void flag_names_find_in(const char *function, struct flag_names *ret_names)
{
	static const char packed[] = "rdwrexshmrmwmems";
	static const char ended[] = "rd\0wr\0ex\0sh\0mr\0mw\0me\0ms";

	ret_names->step = FLAG_NAME_SIZE;
	ret_names->names = code_finds_bytes(function, packed, sizeof packed - 1);
	if (ret_names->names != NULL)
		return;
	ret_names->step = FLAG_NAME_SIZE + 1;
	ret_names->names = code_finds_bytes(function, ended, sizeof ended - 1);
}

static void flag_names_find(struct flag_names *ret_names)
{
	ret_names->names = NULL;
	/* It may be a part of the other. */
	if (symbol_exists(show_smap_vma_flags))
		flag_names_find_in(show_smap_vma_flags, ret_names);
	else if (symbol_exists(show_smap))
		flag_names_find_in(show_smap, ret_names);
}

static void flags_show(struct seq *seq, u64 flags, const struct flag_names *names)
{
	seq_puts(seq, "VmFlags: ");
	for (u32 bit = 0; bit < AREA_FLAG_COUNT; bit++) {
		char name[FLAG_NAME_SIZE];

		if ((flags >> bit & 1) == 0)
			continue;
		if (names->names == NULL) {
			seq_fault(seq, "what the flags of memory are called isn't known");
			break;
		}
		guest_copy(name, names->names + (u64)bit * names->step, sizeof name);
		if (name[0] == '\0')
			continue;
		seq_write(seq, name, sizeof name);
		seq_putc(seq, ' ');
	}
	seq_putc(seq, '\n');
}

/* vma_kernel_pagesize(), shm_pagesize() */
static u64 page_size_of(const struct vm_area_struct *vma)
{
	const void *function = vma->vm_ops != NULL ? vma->vm_ops->pagesize : NULL;
	const struct file *file = vma->vm_file;
	const struct hugetlbfs_sb_info *info;

	if (function != NULL && symbol_exists(shm_pagesize) && (u64)function == (u64)&shm_pagesize) {
		const struct shm_file_data *data = file->private_data;

		function = data->vm_ops->pagesize;
		file = data->file;
	}
	if (function == NULL)
		return USER_PAGE_SIZE;
	if (!symbol_exists(hugetlb_vm_op_pagesize) || (u64)function != (u64)&hugetlb_vm_op_pagesize)
		guest_fail(STATUS_UNSUPPORTED, "an area of memory has pages of an unknown size");
	info = file->f_inode->i_sb->s_fs_info;
	return 1ull << ((info->hstate->order & 31) + PAGE_SHIFT);
}

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct areas *areas = row->rows->context;
	const struct vm_area_struct *vma = row->object;
	struct gathering gathering = {.seq = row->seq, .mm = areas->mm};
	struct seq *seq = row->seq;
	u64 page_size = page_size_of(vma);

	gather(&gathering, vma);
	area_show(seq, vma, &areas->root);
	line(seq, "Size:", vma->vm_end - vma->vm_start);
	line(seq, "KernelPageSize:", page_size);
	line(seq, "MMUPageSize:", page_size);
	sizes_show(seq, &gathering.sizes, false);
	seq_printf(seq,
		   code_mentions(show_smap, "THPeligible:    %d\n") ? "THPeligible:    %u\n" : "THPeligible:    %8u\n",
		   area_takes_large_pages(vma));
	if ((boot_cpu_data.x86_capability[FEATURE_OSPKE / 32] >> FEATURE_OSPKE % 32 & 1) != 0)
		seq_printf(seq, "ProtectionKey:  %8u\n", (u32)(vma->vm_flags >> AREA_KEY_SHIFT & AREA_KEY_MASK));
	flags_show(seq, vma->vm_flags, areas->own);
}

void pid_smaps_show(struct seq *seq)
{
	struct flag_names names;

	flag_names_find(&names);
	areas_show(seq, show_row, &names);
}
