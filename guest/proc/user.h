/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process's own memory, through its page tables. Guest C.
 *
 * The tables are read where the kernel sees them, through its map of all
 * memory: `mm->pgd` is the kernel's half of a pair where page tables are
 * isolated (KPTI), and maps the whole process in either case.
 */
#ifndef GUEST_PROC_USER_H
#define GUEST_PROC_USER_H

#include "guest/kernel/guestc.h"
#include "guest/proc/types/mm.h"
#include "guest/proc/types/task.h"

enum {
	USER_PAGE_SIZE = 4096,
	/* User space of 57 bits has five levels. */
	USER_LEVEL_COUNT_MAX = 5,
};

enum user_page_kind {
	USER_PAGE_NONE, /* nothing there: a first access makes a page */
	USER_PAGE_PRESENT, /* in memory, also where no access is allowed (PROT_NONE, NUMA hints) */
	USER_PAGE_AWAY, /* swapped out, or on its way from one place to another */
};

/* An entry of a page table. */
struct user_entry {
	u64 value;
	u64 place; /* where it stands: a kernel's address */
};

struct user_page {
	enum user_page_kind kind;
	u64 entry; /* the last page table's */
	u64 place; /* where that stands: a kernel's address */
	/* All on the way, that one last: tables are other processes' a moment after they were this one's, and who looks
	 * at the last entry alone may look into another process's table. */
	struct user_entry way[USER_LEVEL_COUNT_MAX];
	u32 level_count;
	u64 physical; /* of the page that holds the address; 4 KiB of a larger one */
	u64 size; /* 4 KiB, 2 MiB, 1 GiB: what the entry maps, or would map */
};

/* Which page is at the address. */
GUEST_C void user_page_find(const struct mm_struct *mm, u64 address, struct user_page *ret_page);

/* Is it in a swap area? Else, where it is USER_PAGE_AWAY, the kernel is moving it, or has marked it. */
GUEST_C bool user_page_is_swapped(const struct user_page *page);

enum user_read_end {
	USER_READ_WHOLE,
	USER_READ_REFUSED, /* the kernel would have stopped here too */
	USER_READ_AWAY, /* the kernel would have fetched it from swap: we can't know it */
};

/* What access_remote_vm(…, FOLL_ANON) would deliver (mm/gup.c, memory.c): bytes
 * of readable anonymous memory, zeroes where no page has been made yet. Stops at
 * the first byte that it can't deliver, returns how many it has delivered, and
 * says why it stopped. `size` ≤ USER_PAGE_SIZE. Ends the boundary with STATUS_TORN where more than a byte of a page's
 * bytes changed meanwhile: it may be another process's, or have been; and where the kernel is just then moving a
 * page. */
GUEST_C u64 user_read(const struct mm_struct *mm, u64 address, u8 ret_bytes[USER_PAGE_SIZE], u64 size,
		      enum user_read_end *ret_end);

/* What is said of the memory counts only if it is still the task's, and the same memory, when all is read: as long as
 * it is, its areas and page tables are what they were read as being, this process's. Noted (guest/proc/now.h). */
GUEST_C void user_memory_expect(const struct task_struct *task, const struct mm_struct *mm);

/* The kernel's address of a page of RAM. */
GUEST_C const void *physical_address(u64 physical);

#endif
