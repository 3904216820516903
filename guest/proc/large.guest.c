/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which areas may have transparent large pages (mm/huge_memory.c, mm/shmem.c,
 * include/linux/huge_mm.h). Three rules: 5.10's, the one that 6.0 made, and the
 * one for pages of many sizes (6.8). */
#include "guest/proc/large.h"

#include "guest/proc/types/files.h"
#include "guest/proc/types/options.h"

enum {
	PAGE_SHIFT = 12,
	LARGE_ORDER = 9, /* HPAGE_PMD_ORDER */
	/* THP_ORDERS_ALL_ANON, _FILE_DEFAULT, _SPECIAL: each bit is a size, 4 KiB << bit. */
	ORDERS_ANONYMOUS = 0x3fc,
	ORDERS_FILE = 0x3fe,
	ORDERS_SPECIAL = 1 << 9 | 1 << 18,
	MAX_ORDER = 18,
	FLAG_UNSUPPORTED = 1 << 0, /* TRANSPARENT_HUGEPAGE_… */
	FLAG_ALWAYS = 1 << 1,
	FLAG_ADVISED = 1 << 2,
	MM_DISABLED_IF_NOT_ADVISED = 1 << 23, /* MMF_DISABLE_THP_EXCEPT_ADVISED, from 6.18 */
	MM_DISABLED = 1 << 24, /* MMF_DISABLE_THP */
	AREA_EXECUTES = 0x4, /* VM_… */
	AREA_GROWS_DOWN = 0x100,
	AREA_NO_PAGES = 0x400,
	AREA_IO = 0x4000,
	AREA_READ_IN_ORDER = 0x8000,
	AREA_READ_AT_RANDOM = 0x10000,
	AREA_NO_EXPANSION = 0x40000,
	AREA_HUGE_PAGES = 0x400000,
	AREA_MIXED = 0x10000000,
	AREA_ADVISED = 0x20000000,
	AREA_ADVISED_AGAINST = 0x40000000,
	AREA_FORBIDDEN = AREA_IO | AREA_NO_EXPANSION | AREA_NO_PAGES | AREA_MIXED | AREA_HUGE_PAGES,
	INODE_DIRECT_ACCESS = 1 << 13, /* S_DAX */
	INODE_ANONYMOUS = 1 << 19, /* S_ANON_INODE */
	MODE_TYPE_MASK = 0170000,
	MODE_REGULAR = 0100000,
	SHARED_ALWAYS = 1, /* SHMEM_HUGE_… */
	SHARED_WITHIN_SIZE = 2,
	SHARED_ADVISED = 3,
	SHARED_DENIED = -1,
	SHARED_FORCED = -2,
	FOLIO_ORDER_MASK = 31, /* AS_FOLIO_ORDER_MASK */
	FOLIO_ORDER_MIN_SHIFT = 16,
	FOLIO_ORDER_MAX_SHIFT = 21,
};

extern const char shmem_aops, shmem_anon_vm_ops, transparent_hugepage_active, hugepage_vma_check,
	__thp_vma_allowable_orders, secretmem_aops;
extern unsigned long transparent_hugepage_flags;
extern unsigned long huge_anon_orders_always, huge_anon_orders_madvise, huge_anon_orders_inherit;
extern unsigned long huge_shmem_orders_always, huge_shmem_orders_madvise, huge_shmem_orders_inherit,
	huge_shmem_orders_within_size;
extern s32 shmem_huge;
extern const char tmpfs_huge; /* from 6.14: files of tmpfs have pages of many sizes */

bool file_is_shared_memory(const struct file *file)
{
	return file != NULL && file->f_mapping != NULL && symbol_exists(shmem_aops) &&
	       (u64)file->f_mapping->a_ops == (u64)&shmem_aops;
}

static bool is_anonymous(const struct vm_area_struct *vma)
{
	return vma->vm_ops == NULL;
}

static bool is_regular(const struct inode *inode)
{
	return (inode->i_mode & MODE_TYPE_MASK) == MODE_REGULAR;
}

static bool is_direct(const struct vm_area_struct *vma)
{
	return vma->vm_file != NULL && (vma->vm_file->f_mapping->host->i_flags & INODE_DIRECT_ACCESS) != 0;
}

/* vma_thp_disabled() */
static bool is_disabled(const struct vm_area_struct *vma)
{
	u64 flags;

	if ((vma->vm_flags & AREA_ADVISED_AGAINST) != 0)
		return true;
	guest_copy(&flags, &vma->vm_mm->flags, sizeof flags);
	if ((flags & MM_DISABLED) != 0)
		return true;
	/* The bit said something else of its own while flags were one word. */
	return type_exists(mm_flags_t) && (vma->vm_flags & AREA_ADVISED) == 0 &&
	       (flags & MM_DISABLED_IF_NOT_ADVISED) != 0;
}

/* thp_vma_suitable_order(), of the last large page of the area. */
static bool has_room(const struct vm_area_struct *vma, u32 order)
{
	u64 size = 1ull << (order + PAGE_SHIFT), place;

	if (!is_anonymous(vma) && ((vma->vm_start >> PAGE_SHIFT) - vma->vm_pgoff) % (1ull << order) != 0)
		return false;
	place = (vma->vm_end - size) & ~(size - 1);
	return place >= vma->vm_start && place + size <= vma->vm_end;
}

/* vma_is_temporary_stack(): while a program is being loaded. */
static bool is_early_stack(const struct vm_area_struct *vma)
{
	u64 early = AREA_READ_IN_ORDER | AREA_READ_AT_RANDOM;

	return (vma->vm_flags & AREA_GROWS_DOWN) != 0 && (vma->vm_flags & early) == early;
}

/* Large enough for pages of 1 << order, from the first index on? */
static bool is_within_size(const struct inode *inode, u64 index, u32 order)
{
	u64 pages = ((u64)inode->i_size + (1 << PAGE_SHIFT) - 1) >> PAGE_SHIFT, page_count = 1ull << order;

	return pages >= ((index + page_count - 1) & ~(page_count - 1));
}

static u64 orders_within_size(const struct inode *inode, u64 index, u64 orders)
{
	for (u32 order = MAX_ORDER; order > 0; order--)
		if ((orders >> order & 1) != 0 && is_within_size(inode, index, order))
			return orders & ((2ull << order) - 1);
	return 0;
}

/* ---- memory of tmpfs */

static bool fits_within(const struct vm_area_struct *vma, const struct inode *inode)
{
	if (symbol_exists(transparent_hugepage_active))
		return is_within_size(inode, vma->vm_pgoff, LARGE_ORDER) && is_within_size(inode, 1, LARGE_ORDER);
	if (symbol_exists(tmpfs_huge))
		return orders_within_size(inode, vma->vm_pgoff + 1, ORDERS_FILE) != 0;
	return is_within_size(inode, vma->vm_pgoff + 1, LARGE_ORDER);
}

/* shmem_is_huge(), shmem_huge_global_enabled(): as one mount's option says. */
static bool shared_by_mount(const struct vm_area_struct *vma, const struct inode *inode)
{
	const struct shmem_sb_info *info = inode->i_sb->s_fs_info;

	if (!is_regular(inode) && !symbol_exists(transparent_hugepage_active))
		return false;
	if (shmem_huge == SHARED_FORCED || shmem_huge == SHARED_DENIED)
		return shmem_huge == SHARED_FORCED;
	switch (info->huge) {
	case SHARED_ALWAYS: return true;
	case SHARED_WITHIN_SIZE:
		if (fits_within(vma, inode))
			return true;
		[[fallthrough]];
	case SHARED_ADVISED: return (vma->vm_flags & AREA_ADVISED) != 0;
	default: return false;
	}
}

/* shmem_allowable_huge_orders() */
static bool shared_by_orders(const struct vm_area_struct *vma)
{
	const struct inode *inode = vma->vm_file->f_inode;
	bool by_mount = shared_by_mount(vma, inode);
	u64 orders;

	if (!symbol_exists(shmem_anon_vm_ops) || (u64)vma->vm_ops != (u64)&shmem_anon_vm_ops ||
	    !symbol_exists(huge_shmem_orders_inherit))
		return by_mount;
	if (shmem_huge == SHARED_DENIED)
		return false;
	if (shmem_huge == SHARED_FORCED)
		return huge_shmem_orders_inherit != 0;
	orders = huge_shmem_orders_always | orders_within_size(inode, vma->vm_pgoff + 1, huge_shmem_orders_within_size);
	if ((vma->vm_flags & AREA_ADVISED) != 0)
		orders |= huge_shmem_orders_madvise;
	if (by_mount)
		orders |= huge_shmem_orders_inherit;
	return (orders & ORDERS_FILE) != 0;
}

/* ---- memory of files */

/* mapping_pmd_folio_support() */
static bool takes_large_folios(const struct address_space *mapping)
{
	return (mapping->flags >> FOLIO_ORDER_MIN_SHIFT & FOLIO_ORDER_MASK) <= LARGE_ORDER &&
	       (mapping->flags >> FOLIO_ORDER_MAX_SHIFT & FOLIO_ORDER_MASK) >= LARGE_ORDER;
}

/* file_thp_enabled(): while files need no support for it (CONFIG_READ_ONLY_THP_FOR_FS,
 * which counts them), those that run and that nobody writes. */
static bool takes_file(const struct vm_area_struct *vma)
{
	const struct inode *inode;
	bool by_support = !field_exists(struct address_space, nr_thps) && symbol_exists(__thp_vma_allowable_orders);

	if (vma->vm_file == NULL || (!by_support && !field_exists(struct address_space, nr_thps)))
		return false;
	inode = vma->vm_file->f_inode;
	if (by_support)
		return (inode->i_flags & INODE_ANONYMOUS) == 0 && takes_large_folios(vma->vm_file->f_mapping) &&
		       is_regular(inode);
	if (inode->i_writecount.counter > 0)
		return false;
	if (symbol_exists(__thp_vma_allowable_orders))
		return is_regular(inode) &&
		       (!symbol_exists(secretmem_aops) || (u64)inode->i_mapping->a_ops != (u64)&secretmem_aops);
	return (vma->vm_flags & AREA_EXECUTES) != 0 &&
	       (symbol_exists(transparent_hugepage_active) || is_regular(inode));
}

/* ---- the rules */

static bool is_advised_or_always(const struct vm_area_struct *vma)
{
	if ((transparent_hugepage_flags & FLAG_ALWAYS) != 0)
		return true;
	return (transparent_hugepage_flags & FLAG_ADVISED) != 0 && (vma->vm_flags & AREA_ADVISED) != 0;
}

/* transparent_hugepage_active() */
static bool rule_of_5_10(const struct vm_area_struct *vma)
{
	if (!has_room(vma, LARGE_ORDER))
		return false;
	if (is_anonymous(vma))
		return (transparent_hugepage_flags & FLAG_UNSUPPORTED) == 0 && !is_disabled(vma) &&
		       !is_early_stack(vma) && is_advised_or_always(vma);
	if (is_disabled(vma))
		return false;
	if (file_is_shared_memory(vma->vm_file))
		return shared_by_mount(vma, vma->vm_file->f_inode);
	return takes_file(vma);
}

/* hugepage_vma_check() */
static bool rule_of_6_1(const struct vm_area_struct *vma)
{
	if (vma->vm_mm == NULL || is_disabled(vma) || (transparent_hugepage_flags & FLAG_UNSUPPORTED) != 0 ||
	    is_direct(vma) || (vma->vm_flags & AREA_FORBIDDEN) != 0 || !has_room(vma, LARGE_ORDER))
		return false;
	if (file_is_shared_memory(vma->vm_file))
		return shared_by_mount(vma, vma->vm_file->f_inode);
	if (!is_advised_or_always(vma))
		return false;
	return takes_file(vma) || (is_anonymous(vma) && !is_early_stack(vma));
}

static u64 orders_of(const struct vm_area_struct *vma)
{
	u64 orders;

	if (!is_anonymous(vma))
		return (vma->vm_flags & (AREA_NO_PAGES | AREA_MIXED)) != 0 && vma->vm_file != NULL ? ORDERS_SPECIAL
												   : ORDERS_FILE;
	orders = huge_anon_orders_always;
	if ((vma->vm_flags & AREA_ADVISED) != 0)
		orders |= huge_anon_orders_madvise;
	if (is_advised_or_always(vma))
		orders |= huge_anon_orders_inherit;
	return orders & ORDERS_ANONYMOUS;
}

static bool has_room_for_any(const struct vm_area_struct *vma, u64 orders)
{
	for (u32 order = 1; order <= MAX_ORDER; order++)
		if ((orders >> order & 1) != 0 && has_room(vma, order))
			return true;
	return false;
}

/* thp_vma_allowable_orders() */
static bool rule_of_6_12(const struct vm_area_struct *vma)
{
	if (vma->vm_mm == NULL || (transparent_hugepage_flags & FLAG_UNSUPPORTED) != 0 || is_disabled(vma) ||
	    is_direct(vma) || !has_room_for_any(vma, orders_of(vma)))
		return false;
	if (file_is_shared_memory(vma->vm_file))
		return shared_by_orders(vma);
	if (is_anonymous(vma))
		return !is_early_stack(vma);
	bool can_fault = field_exists(struct vm_operations_struct, huge_fault) && vma->vm_ops->huge_fault != NULL;
	if (!is_advised_or_always(vma) && !(can_fault && (vma->vm_flags & AREA_NO_PAGES) != 0))
		return false;
	return can_fault || takes_file(vma);
}

bool area_takes_large_pages(const struct vm_area_struct *vma)
{
	if (symbol_exists(__thp_vma_allowable_orders))
		return rule_of_6_12(vma);
	if (symbol_exists(hugepage_vma_check))
		return rule_of_6_1(vma);
	if (symbol_exists(transparent_hugepage_active))
		return rule_of_5_10(vma);
	/* A kernel without large pages. */
	return false;
}
