/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/pagetypeinfo: mm/vmstat.c; where a block's type is kept: mm/page_alloc.c,
 * include/linux/mmzone.h, pageblock-flags.h (sparse memory, as x86-64 has it);
 * pfn_to_online_page(): mm/memory_hotplug.c; 5.10 to 7.2. */
#include "guest/proc/memory.h"
#include "guest/proc/shows.h"
#include "guest/proc/types/memory.h"
#include "guest/proc/types/static-key.h"

enum {
	TYPE_COUNT_MAX = 16, /* their number has three bits */
	ORDER_COUNT_MAX = 64,
	TYPE_NAME_SIZE = 32,
	/* The kernel itself counts no further. */
	FREE_COUNT_MAX = 100000,
	BLOCK_ORDER = 9, /* pageblock_order: of a huge page; no larger than what can be allocated */
	SECTION_SHIFT = 27 - 12, /* SECTION_SIZE_BITS */
	SUBSECTION_SHIFT = 21 - 12,
	SECTION_ROOTS_MAX = 1 << 19, /* of 5 levels of page tables */
	SECTION_IS_ONLINE = 1 << 2,
	SECTION_HAS_DEVICE = 1 << 4, /* SECTION_TAINT_ZONE_DEVICE, where devices bring memory */
	PAGE_SIZE = 4096,
	TYPE_MASK = 7,
	ISOLATED_BIT = 1 << 4,
};

extern const char *const migratetype_names[1];
extern struct mem_section **mem_section;
extern struct static_key_false page_owner_inited;
extern const char transparent_hugepage_flags, hstates;

struct page_types {
	struct seq *seq;
	const struct pglist_data *node;
	u32 type_count, order_count, block_order;
};

/* A load takes some 150 bytes of code, wherever it stands: here it stands once. */
static __attribute__((noinline)) u64 word(const void *field)
{
	return READ_ONCE(*(const u64 *)field);
}

static __attribute__((noinline)) void show_name(struct seq *seq, u32 type)
{
	char name[TYPE_NAME_SIZE];

	if (guest_string_copy(name, sizeof name, migratetype_names[type]) == sizeof name)
		guest_fail(STATUS_MALFORMED, "the name of a kind of pages is longer than any");
	seq_printf(seq, "%12s ", name);
}

/* A list that comes back to itself, or goes on into another one, has more than there are free. */
static void show_count(struct seq *seq, const struct list_head *list, u64 free_count)
{
	const struct list_head *node;
	u32 count = 0;

	for (node = (const void *)word(&list->next); node != list; node = (const void *)word(&node->next))
		if (++count == FREE_COUNT_MAX) {
			if (free_count < FREE_COUNT_MAX)
				guest_fail(STATUS_MALFORMED, "a list of free pages has more than there are");
			seq_putc(seq, '>');
			break;
		}
	seq_printf(seq, "%6u ", count);
}

/* pagetypeinfo_showfree_print() */
static void show_free(const struct page_types *page, const struct zone *zone)
{
	char name[MEMORY_NAME_SIZE];

	memory_zone_name(zone, name);
	for (u32 type = 0; type < page->type_count; type++) {
		seq_printf(page->seq, "Node %4d, zone %8s, type ", page->node->node_id, name);
		show_name(page->seq, type);
		for (u32 order = 0; order < page->order_count; order++) {
			const struct free_area *area =
				(const void *)((const char *)zone->free_area + order * type_size(struct free_area));

			show_count(page->seq,
				   (const void *)((const char *)area->free_list + type * type_size(struct list_head)),
				   word(&area->nr_free));
		}
		seq_putc(page->seq, '\n');
	}
}

/* __pfn_to_section(); NULL: there is none. */
static const struct mem_section *section_of(u64 page_number)
{
	u64 number = page_number >> SECTION_SHIFT, per_root = PAGE_SIZE / type_size(struct mem_section);
	const char *root;

	if (number / per_root >= SECTION_ROOTS_MAX)
		guest_fail(STATUS_MALFORMED, "a zone of memory ends beyond where memory can be");
	root = (const char *)word(mem_section + number / per_root);
	return root != NULL ? (const void *)(root + number % per_root * type_size(struct mem_section)) : NULL;
}

/* pfn_to_online_page() and get_pageblock_migratetype(). False: no memory is there. */
static bool type_of(const struct page_types *page, u64 page_number, u32 *ret_type)
{
	const struct mem_section *section = section_of(page_number);
	u64 within = page_number & ((1u << SECTION_SHIFT) - 1), subsection = within >> SUBSECTION_SHIFT;
	bool has_isolated = enum_value_exists(enum pageblock_bits, PB_migrate_isolate);
	u64 bit = (within >> page->block_order) * (has_isolated ? 8 : 4);

	u64 flags = section != NULL ? word(&section->section_mem_map) : 0;
	if ((flags & SECTION_IS_ONLINE) == 0)
		return false;
	if ((flags & SECTION_HAS_DEVICE) != 0)
		guest_fail(STATUS_UNSUPPORTED, "a device brings memory of its own");
	const struct mem_section_usage *usage = (const void *)word(&section->usage);
	if ((word(usage->subsection_map + subsection / 64) >> subsection % 64 & 1) == 0)
		return false;
	flags = word(usage->pageblock_flags + bit / 64) >> bit % 64;

	*ret_type = has_isolated && (flags & ISOLATED_BIT) != 0 ? page->type_count - 1 : flags & TYPE_MASK;
	return true;
}

static __attribute__((noinline)) u64 zone_end(const struct zone *zone)
{
	return word(&zone->zone_start_pfn) + word(&zone->spanned_pages);
}

/* Whose a page is say its flags, in bits that no type names. Zones that lie apart need no asking. */
static void zone_must_lie_apart(const struct zone *zone)
{
	const struct pglist_data *node;
	const struct zone *other;

	for (node = memory_node_next(NULL); node != NULL; node = memory_node_next(node))
		for (u32 i = 0; (other = memory_zone(node, i)) != NULL; i++)
			if (other != zone && word(&other->zone_start_pfn) < zone_end(zone) &&
			    word(&zone->zone_start_pfn) < zone_end(other))
				guest_fail(STATUS_UNSUPPORTED, "two zones of memory lie in each other");
}

/* pagetypeinfo_showblockcount_print() */
static void show_blocks(const struct page_types *page, const struct zone *zone)
{
	u64 counts[TYPE_COUNT_MAX] = {};
	char name[MEMORY_NAME_SIZE];
	u32 type;
	u64 end = zone_end(zone), block_count = 0;

	zone_must_lie_apart(zone);
	for (u64 number = word(&zone->zone_start_pfn); number < end; number += 1ull << page->block_order)
		if (type_of(page, number, &type) && type < page->type_count) {
			counts[type]++;
			block_count++;
		}
	if (block_count == 0)
		guest_fail(STATUS_MALFORMED, "a zone has memory, and none of it is where it says");
	memory_zone_name(zone, name);
	seq_printf(page->seq, "Node %d, zone %8s ", page->node->node_id, name);
	for (type = 0; type < page->type_count; type++)
		seq_printf(page->seq, "%12llu ", counts[type]);
	seq_putc(page->seq, '\n');
}

static __attribute__((noinline)) void show_zones(const struct page_types *page,
						 void (*show)(const struct page_types *, const struct zone *))
{
	const struct zone *zone;

	for (u32 i = 0; (zone = memory_zone(page->node, i)) != NULL; i++)
		if (word(&zone->present_pages) != 0)
			show(page, zone);
}

static void show_node(const struct page_types *page)
{
	struct seq *seq = page->seq;

	seq_printf(seq, "Page block order: %u\nPages per block:  %u\n\n%-43s ", page->block_order,
		   1u << page->block_order, "Free pages count per migrate type at order");
	for (u32 order = 0; order < page->order_count; order++)
		seq_printf(seq, "%6u ", order);
	seq_putc(seq, '\n');
	show_zones(page, show_free);
	seq_printf(seq, "\n%-23s", "Number of blocks type ");
	for (u32 type = 0; type < page->type_count; type++)
		show_name(seq, type);
	seq_putc(seq, '\n');
	show_zones(page, show_blocks);
	if (symbol_exists(page_owner_inited) && page_owner_inited.key.enabled.counter != 0)
		seq_fault(seq, "which blocks are mixed is missing: the kernel asks for the owner of each page");
}

void pagetypeinfo_show(struct seq *seq)
{
	struct page_types page = {
		.seq = seq,
		.type_count = (u32)(field_size(struct free_area, free_list) / type_size(struct list_head)),
		.order_count = (u32)(field_size(struct zone, free_area) / type_size(struct free_area)),
	};

	if (page.type_count > TYPE_COUNT_MAX || page.order_count > ORDER_COUNT_MAX || page.order_count == 0)
		guest_fail(STATUS_MALFORMED, "there are more kinds of free pages than there could be");
	page.block_order = page.order_count - 1;
	if ((symbol_exists(transparent_hugepage_flags) || symbol_exists(hstates)) && page.block_order > BLOCK_ORDER)
		page.block_order = BLOCK_ORDER;
	for (page.node = memory_node_next(NULL); page.node != NULL; page.node = memory_node_next(page.node))
		if (memory_node_is(page.node, enum_value(enum node_states, N_MEMORY)))
			show_node(&page);
}
