// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/mapped.h"

#include <string.h>

#include "guest/kernel/layout.h"

enum {
	/* 1 GiB in 4 KiB pages, and as many table entries that hold nothing. */
	TABLE_ENTRY_BUDGET = 1 << 19,
};

/* Freed init code and data leave holes of a few MiB (free_init_pages(),
 * arch/x86/mm/init.c); modules and other mappings are further off. */
static const uint64_t HOLE_SIZE_MAX = 16 << 20;

static status read_guest(void *context, struct guest_va start, void *destination, size_t size)
{
	const struct kernel_mapped *mapped = context;
	status read = guest_space_read(mapped->memory, &mapped->space, start, destination, size);

	/* Reserved bits in a table: as unreadable as a hole. */
	return read == STATUS_MALFORMED ? STATUS_UNMAPPED : read;
}

/* Append [start, start + size), or lengthen the last region by it. */
static status append(struct kernel_view *view, uint64_t start, uint64_t size, bool executable)
{
	if (view->region_count != 0) {
		struct kernel_region *last = &view->region[view->region_count - 1];
		if (last->start + last->size == start && last->executable == executable) {
			last->size += size;
			view->end = start + size;
			return STATUS_OK;
		}
	}
	if (view->region_count == KERNEL_REGION_COUNT_MAX)
		return STATUS_LIMIT;
	view->region[view->region_count++] = (struct kernel_region){start, size, executable};
	view->end = start + size;
	return STATUS_OK;
}

/* Collect regions in ascending order; a gap before `inside` starts anew, a gap
 * after it ends the image. */
static status collect(struct kernel_mapped *mapped, uint64_t inside)
{
	const struct guest_va end = {KERNEL_MAP_START + KERNEL_MAP_SIZE};
	struct kernel_view *view = &mapped->view;
	struct guest_va at = {KERNEL_MAP_START};
	struct guest_mapping mapping;

	while (at.value < end.value) {
		status next =
			guest_space_next(mapped->memory, &mapped->space, at, end, TABLE_ENTRY_BUDGET, &at, &mapping);
		if (next == STATUS_END)
			break;
		TRY(next);
		uint64_t size = mapping.page_size - (at.value & (mapping.page_size - 1));
		if (view->region_count != 0 && at.value - view->end > HOLE_SIZE_MAX) {
			if (view->end > inside)
				break;
			view->region_count = 0;
		}
		if (!mapping.user && guest_memory_is_ram(mapped->memory, mapping.address, size)) {
			status appended = append(view, at.value, size, mapping.executable);
			if (appended == STATUS_LIMIT && view->end > inside)
				break; /* modules right behind an image without KASLR */
			TRY(appended);
		}
		at.value += size;
	}
	return STATUS_OK;
}

status kernel_mapped_init(struct kernel_mapped *mapped, struct guest_memory *memory, const struct guest_space *space,
			  struct guest_va inside)
{
	*mapped = (struct kernel_mapped){
		.view = {.read = read_guest, .context = mapped},
		.memory = memory,
		.space = *space,
	};
	TRY(collect(mapped, inside.value));
	struct kernel_view *view = &mapped->view;
	for (uint32_t i = 0; i < view->region_count; i++) {
		const struct kernel_region *region = &view->region[i];
		if (inside.value >= region->start && inside.value - region->start < region->size) {
			view->start = view->region[0].start;
			return STATUS_OK;
		}
	}
	return STATUS_MISSING;
}
