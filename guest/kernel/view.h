/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel image as its finders see it: mapped regions of virtual addresses
 * and a way to read them. Behind it stands a running guest's memory, an
 * unpacked vmlinux, or a buffer of a test. All that is read is hostile.
 */
#ifndef GUEST_KERNEL_VIEW_H
#define GUEST_KERNEL_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/memory/address.h"

enum {
	/* The kernel's image lies within 1 GiB (KERNEL_IMAGE_SIZE with KASLR,
	 * arch/x86/include/asm/page_64_types.h). Neighbouring mappings with the
	 * same rights are one region; text, rodata, data and init make a dozen. */
	KERNEL_REGION_COUNT_MAX = 256,
};

struct kernel_region {
	uint64_t start, size; /* page-aligned where it is a guest's memory */
	bool executable;
};

struct kernel_view {
	/* Copy a range that may cross regions. STATUS_UNMAPPED where any byte
	 * isn't mapped; STATUS_GONE and faults as the memory behind it. */
	status (*read)(void *context, struct guest_va start, void *destination, size_t size);
	void *context;
	uint64_t start, end; /* the whole image, holes included */
	uint32_t region_count;
	struct kernel_region region[KERNEL_REGION_COUNT_MAX]; /* sorted, disjoint */
};

MUST_USE static inline status kernel_view_read(const struct kernel_view *view, uint64_t start, void *destination,
					       size_t size)
{
	return view->read(view->context, (struct guest_va){start}, destination, size);
}

#endif
