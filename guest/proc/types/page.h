/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of memory (include/linux/mm_types.h, page-flags.h). */
#ifndef GUEST_PROC_TYPES_PAGE_H
#define GUEST_PROC_TYPES_PAGE_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

enum pageflags {
	PG_referenced = 1, /* the target's values are asked for */
	PG_dirty = 3,
	PG_head = 6,
	PG_swapbacked = 17,
	PG_young = 24, /* where idle pages are tracked */
	PG_double_map = 8, /* before 6.2 */
};

struct page {
	unsigned long flags; /* a struct from 6.18: take its address */
	unsigned long mapping; /* a pointer with marks in its low bits: take its address */
	atomic_t _mapcount, _refcount;
	unsigned long compound_head; /* before 7.2; then */
	unsigned long compound_info;
	unsigned long ptl; /* before 6.5, of a page table: a lock, take its address */
	atomic_t compound_mapcount; /* before 6.3; of the second page of a large one */
};

struct ptdesc {
	unsigned long ptl; /* from 6.5 */
};

struct folio {
	atomic_t _entire_mapcount; /* from 6.3 */
};

#include "guest/kernel/guestc-types-end.h"

extern unsigned long vmemmap_base;

#endif
