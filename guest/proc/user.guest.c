/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page tables of processes: Intel SDM vol. 3A, 4.5; what Linux keeps in entries
 * that aren't present: arch/x86/include/asm/pgtable_64.h, pgtable-invert.h. */
#include "guest/proc/user.h"

#include "guest/proc/now.h"
#include "guest/proc/subject.h"
#include "guest/proc/types/page.h"
#include "guest/proc/vma.h"

enum {
	PAGE_SHIFT = 12,
	TABLE_SHIFT = 9,
	TABLE_MASK = (1 << TABLE_SHIFT) - 1,
	LEVEL_SHIFT_TOP = 39, /* of four levels; 48 of five */
	LEVEL_SHIFT_LARGE_MAX = 30, /* 1 GiB: no entry above maps a page */
	ENTRY_PRESENT = 1 << 0,
	ENTRY_ACCESSED = 1 << 5,
	ENTRY_DIRTY = 1 << 6,
	ENTRY_LARGE = 1 << 7,
	ENTRY_NO_ACCESS = 1 << 8, /* _PAGE_PROTNONE, where the present bit is clear */
	LOCK_SIZE = 4, /* of a spinlock_t without debugging */
	SWAP_TYPE_SHIFT = 59, /* SWP_TYPE_BITS of 64 */
	SWAP_TYPE_MARK = 31, /* SWP_PTE_MARKER, from 5.19 on: the last of all */
	AREA_READ = 0x1, /* VM_READ */
	AREA_NO_PAGES = 0x400 | 0x4000, /* VM_PFNMAP | VM_IO */
};

static const u64 entry_address = 0x000ffffffffff000;

/* Where the kernel maps all memory; variables where it is chosen at boot. */
extern unsigned long page_offset_base;
extern unsigned int pgdir_shift;
extern unsigned int nr_swapfiles; /* missing where CONFIG_SWAP isn't set: then nothing is swapped out */

const void *physical_address(u64 physical)
{
	u64 base = symbol_exists(page_offset_base) ? page_offset_base : 0xffff888000000000;

	return (const void *)(base + physical);
}

/* pte_pfn(): an entry that isn't present has its address inverted, so that
 * processors that look ahead find nothing there (L1TF). */
static u64 leaf_address(u64 entry)
{
	return ((entry & ENTRY_PRESENT) != 0 ? entry : ~entry) & entry_address;
}

static void leaf(struct user_page *page, u64 entry, u64 address, u32 shift)
{
	u64 offset = address & ((1ull << shift) - 1) & ~(u64)(USER_PAGE_SIZE - 1);
	u64 start = leaf_address(entry) & ~((1ull << shift) - 1);

	page->kind = USER_PAGE_PRESENT;
	page->physical = start + offset;
}

/* Does the entry map a page itself? */
static bool is_leaf(u64 entry, u32 shift)
{
	return shift == PAGE_SHIFT || (shift <= LEVEL_SHIFT_LARGE_MAX && (entry & ENTRY_LARGE) != 0);
}

static bool is_empty(u64 entry)
{
	/* Some processors set these two in any entry (pte_none()). */
	return (entry & ~(u64)(ENTRY_ACCESSED | ENTRY_DIRTY)) == 0;
}

/* One step per level. */
void user_page_find(const struct mm_struct *mm, u64 address, struct user_page *ret_page)
{
	u32 shift = symbol_exists(pgdir_shift) ? pgdir_shift : LEVEL_SHIFT_TOP;
	const u64 *table = (const u64 *)mm->pgd;

	if (shift > LEVEL_SHIFT_TOP + TABLE_SHIFT)
		guest_fail(STATUS_MALFORMED, "page tables of more than five levels");
	*ret_page = (struct user_page){.kind = USER_PAGE_NONE};
	for (;; shift -= TABLE_SHIFT) {
		u64 entry = READ_ONCE(table[address >> shift & TABLE_MASK]);

		ret_page->entry = entry;
		ret_page->place = (u64)&table[address >> shift & TABLE_MASK];
		ret_page->size = 1ull << shift;
		ret_page->way[ret_page->level_count++] = (struct user_entry){entry, ret_page->place};
		if (is_empty(entry))
			return;
		if (is_leaf(entry, shift)) {
			if ((entry & (ENTRY_PRESENT | ENTRY_NO_ACCESS)) == 0 && shift == PAGE_SHIFT)
				ret_page->kind = USER_PAGE_AWAY;
			else
				leaf(ret_page, entry, address, shift);
			return;
		}
		if ((entry & ENTRY_PRESENT) == 0) {
			ret_page->kind = USER_PAGE_AWAY;
			return;
		}
		table = physical_address(entry & entry_address);
	}
}

/* Types above those of swap areas tell of pages that are being moved (is_migration_entry()), are broken, or are a
 * device's; so does each entry above the last table. */
bool user_page_is_swapped(const struct user_page *page)
{
	return page->kind == USER_PAGE_AWAY && page->size == USER_PAGE_SIZE && symbol_exists(nr_swapfiles) &&
	       page->entry >> SWAP_TYPE_SHIFT < nr_swapfiles;
}

/* check_vma_flags() with FOLL_ANON; protection keys don't bind others. */
static bool may_read(const struct vm_area_struct *vma, u64 address)
{
	return vma != NULL && vma->vm_start <= address && vma->vm_ops == NULL && (vma->vm_flags & AREA_NO_PAGES) == 0 &&
	       (vma->vm_flags & AREA_READ) != 0;
}

/* It must be the same struct for the same memory, and the task's. Its place may have been another one's when
 * parts of it were copied: what tells two apart is where they have their tables, arguments and environment. */
void user_memory_expect(const struct task_struct *task, const struct mm_struct *mm)
{
	u64 pgd = (u64)mm->pgd, places[] = {mm->arg_start, mm->arg_end, mm->env_start, mm->env_end};

	if (field_offset(struct mm_struct, env_end) !=
	    field_offset(struct mm_struct, arg_start) + sizeof places - sizeof(u64))
		guest_fail(STATUS_UNSUPPORTED, "this kernel keeps a process's memory in another order");
	proc_memory_expect((u64)&mm->pgd, &pgd, sizeof pgd);
	proc_memory_expect((u64)&mm->arg_start, places, sizeof places);
	proc_memory_expect((u64)&task->mm, &mm, sizeof mm);
}

/* The address of a table's lock; 0: it has none of its own (few CPUs), or not of this size (debugging). */
static u64 lock_of(u64 place)
{
	u64 base = symbol_exists(vmemmap_base) ? vmemmap_base : 0xffffea0000000000;
	u64 page = base + ((place - (u64)physical_address(0)) >> PAGE_SHIFT) * type_size(struct page);

	if (field_exists(struct ptdesc, ptl))
		return field_size(struct ptdesc, ptl) == LOCK_SIZE ? page + field_offset(struct ptdesc, ptl) : 0;
	if (field_exists(struct page, ptl))
		return field_size(struct page, ptl) == LOCK_SIZE ? page + field_offset(struct page, ptl) : 0;
	return 0;
}

/* All tables on the way, too: any of them may have been another process's when it was copied. */
static void expect_way(const struct user_page *page)
{
	for (u32 i = 0; i < page->level_count; i++)
		proc_memory_expect(page->way[i].place, &page->way[i].value, sizeof page->way[i].value);
}

/* Nothing in an entry: no page was made yet, or the kernel is just then putting another one there
 * (wp_page_copy(), move_ptes()), for which it holds the table's lock. */
static void check_none(const struct user_page *page)
{
	u32 unlocked = 0;
	u64 lock = page->size < 1 << LEVEL_SHIFT_LARGE_MAX ? lock_of(page->place) : 0;

	proc_memory_expect_later();
	if (lock != 0)
		proc_memory_expect(lock, &unlocked, sizeof unlocked);
	expect_way(page);
}

static enum user_read_end read_part(const struct mm_struct *mm, u64 address, u8 *bytes, u64 size)
{
	struct user_page page;
	const u8 *from;

	if (!may_read(vma_find(mm, address), address)) {
		vma_expect(mm, address);
		return USER_READ_REFUSED;
	}
	user_page_find(mm, address, &page);
	switch (page.kind) {
	case USER_PAGE_NONE:
		check_none(&page);
		memset(bytes, 0, size);
		return USER_READ_WHOLE;
	case USER_PAGE_PRESENT:
		from = (const u8 *)physical_address(page.physical) + address % USER_PAGE_SIZE;
		guest_copy(bytes, from, size);
		/* A single byte only says how to go on. */
		if (size > 1) {
			/* The entries too: all else may look alike in a process that has taken this one's place. */
			expect_way(&page);
			proc_memory_expect((u64)from, bytes, size);
		}
		return USER_READ_WHOLE;
	default:
		/* The kernel would have waited for a page that is being moved (migration_entry_wait()): that takes a
		 * moment, so it is worth another look. */
		if (user_page_is_swapped(&page))
			return USER_READ_AWAY;
		/* A mark stays (is_pte_marker_entry()): another look won't see more. */
		if (page.size == USER_PAGE_SIZE && page.entry >> SWAP_TYPE_SHIFT == SWAP_TYPE_MARK)
			guest_fail(STATUS_UNSUPPORTED, "a page isn't there: the kernel has marked it as unusable");
		guest_fail(STATUS_TORN, "a page isn't there: the kernel is moving it, or has found it broken");
	}
}

u64 user_read(const struct mm_struct *mm, u64 address, u8 ret_bytes[USER_PAGE_SIZE], u64 size,
	      enum user_read_end *ret_end)
{
	u64 done = 0;

	if (subject_user_memory_is_barred())
		guest_fail(STATUS_DENIED, "it lies in the process's own memory, and the grant gives the kernel's only");
	*ret_end = USER_READ_WHOLE;
	/* Two pages at most. */
	while (done < min(size, (u64)USER_PAGE_SIZE)) {
		u64 part = min(size - done, USER_PAGE_SIZE - (address + done) % USER_PAGE_SIZE);

		*ret_end = read_part(mm, address + done, ret_bytes + done, part);
		if (*ret_end != USER_READ_WHOLE)
			break;
		done += part;
	}
	return done;
}
