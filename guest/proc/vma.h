/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The areas of a process's memory, in order of their addresses: in a list
 * before Linux 6.1, in a maple tree from then on. Guest C.
 *
 * Areas of an intact process don't overlap and go upwards. A walk that finds one
 * that doesn't (a tree whose branches share nodes, a list that comes back) ends
 * the boundary: so it is bounded by what it has found.
 */
#ifndef GUEST_PROC_VMA_H
#define GUEST_PROC_VMA_H

#include "guest/kernel/guestc.h"
#include "guest/proc/maple.h"
#include "guest/proc/types/mm.h"

enum {
	/* vm.max_map_count is 65530, and may be set higher: 4 Mi areas would
	 * take a gigabyte of the kernel's memory. */
	VMA_COUNT_MAX = 1 << 22,
};

struct vma_walk {
	u64 from; /* areas that end at or below it are left out */
	u64 last_end;
	const struct vm_area_struct *vma; /* of the list: the next one */
	struct guest_bound bound; /* of the list */
	struct maple_walk tree;
};

/* Walk the areas of `mm` that end above `from`. */
GUEST_C void vma_walk_start(struct vma_walk *walk, const struct mm_struct *mm, u64 from);
/* The next area; NULL: none. */
GUEST_C const struct vm_area_struct *vma_walk_next(struct vma_walk *walk);

/* find_vma(): the first area that ends above the address; NULL: none. */
GUEST_C const struct vm_area_struct *vma_find(const struct mm_struct *mm, u64 address);

/* Note what vma_find() has gone by there (guest/proc/now.h): areas, and the tables that lead to them, are another
 * process's as soon as this one gives them back. */
GUEST_C void vma_expect(const struct mm_struct *mm, u64 address);

/* get_gate_vma(): the page of old system calls that /proc shows behind a
 * process's own areas; NULL where it isn't shown. */
GUEST_C const struct vm_area_struct *vma_gate(const struct mm_struct *mm);

#endif
