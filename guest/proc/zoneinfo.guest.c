/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/zoneinfo and /proc/buddyinfo: mm/vmstat.c, 5.10 to 7.2. */
#include "guest/proc/cpus.h"
#include "guest/proc/memory.h"
#include "guest/proc/mention.h"
#include "guest/proc/shows.h"

enum {
	RECLAIM_RETRIES_MAX = 16, /* MAX_RECLAIM_RETRIES */
	ORDER_COUNT_MAX = 64,
};

extern const char zoneinfo_show[];

/* What this kernel prints: more and more, from the same fields. */
struct form {
	bool has_boost, has_promotion, has_cma, has_high_bounds, has_high_atomic;
};

static void form_read(struct form *form)
{
	form->has_boost = code_mentions(zoneinfo_show, "\n  pages free     %lu\n        boost ");
	form->has_promotion =
		code_mentions(zoneinfo_show, "\n  pages free     %lu\n        boost    %lu\n        min      %lu"
					     "\n        low      %lu\n        high     %lu\n        promo ");
	form->has_cma =
		form->has_promotion ||
		code_mentions(zoneinfo_show, "\n  pages free     %lu\n        boost    %lu\n        min      %lu"
					     "\n        low      %lu\n        high     %lu\n        spanned  %lu"
					     "\n        present  %lu\n        managed  %lu\n        cma ");
	form->has_high_bounds = code_mentions(zoneinfo_show, "\n    cpu: %i\n              count:    %i");
	form->has_high_atomic = code_mentions(zoneinfo_show, "\n  node_unreclaimable:  %u\n  start_pfn:           %lu"
							     "\n  reserved_highatomic");
}

struct page {
	struct seq *seq;
	const struct pglist_data *node;
	struct form form;
};

static void show_counter(const struct page *page, u32 name, u64 value)
{
	char text[MEMORY_NAME_SIZE];

	memory_item_name(name, text);
	seq_printf(page->seq, "\n      %-12s %llu", text, value);
}

static void show_node(const struct page *page)
{
	u32 first = memory_zone_item_count() + memory_numa_item_count(), count = memory_node_item_count();

	seq_puts(page->seq, "\n  per-node stats");
	for (u32 i = 0; i < count; i++) {
		u64 pages = memory_state_of(page->node->vm_stat, i, field_size(struct pglist_data, vm_stat));

		show_counter(page, first + i, pages / (memory_item_is_huge(i) ? MEMORY_HUGE_PAGES : 1));
	}
}

static bool is_first_populated(const struct pglist_data *node, const struct zone *zone)
{
	const struct zone *other;

	for (u32 i = 0; (other = memory_zone(node, i)) != NULL; i++)
		if (other->present_pages != 0)
			return other == zone;
	return false;
}

static void show_mark(const struct page *page, const char *name, u64 value)
{
	seq_printf(page->seq, "\n        %-8s %llu", name, value);
}

static void show_sizes(const struct page *page, const struct zone *zone)
{
	const s64 *reserves = zone->lowmem_reserve;
	u64 count = field_size(struct zone, lowmem_reserve) / sizeof *reserves;
	s64 free_item = enum_value(enum zone_stat_item, NR_FREE_PAGES);

	seq_printf(page->seq, "\n  pages free     %llu",
		   memory_state_of(zone->vm_stat, free_item, field_size(struct zone, vm_stat)));
	if (page->form.has_boost)
		show_mark(page, "boost", zone->watermark_boost);
	show_mark(page, "min", memory_watermark(zone, enum_value(enum zone_watermarks, WMARK_MIN)));
	show_mark(page, "low", memory_watermark(zone, enum_value(enum zone_watermarks, WMARK_LOW)));
	show_mark(page, "high", memory_watermark(zone, enum_value(enum zone_watermarks, WMARK_HIGH)));
	if (page->form.has_promotion)
		show_mark(page, "promo", memory_watermark(zone, enum_value(enum zone_watermarks, WMARK_PROMO)));
	show_mark(page, "spanned", zone->spanned_pages);
	show_mark(page, "present", zone->present_pages);
	show_mark(page, "managed", (u64)zone->managed_pages.counter);
	if (page->form.has_cma)
		show_mark(page, "cma", field_exists(struct zone, cma_pages) ? zone->cma_pages : 0);
	seq_printf(page->seq, "\n        protection: (%lld", reserves[0]);
	for (u64 i = 1; i < count && i < MEMORY_ZONE_COUNT_MAX; i++)
		seq_printf(page->seq, ", %lld", reserves[i]);
	seq_putc(page->seq, ')');
}

/* zone_numa_state_snapshot(); later kernels fold what CPUs have counted before
 * they show it: the same sum. */
static u64 numa_state(const struct zone *zone, u32 item)
{
	bool old = field_exists(struct zone, vm_numa_stat);
	u64 sum = (u64)(old ? zone->vm_numa_stat[item] : zone->vm_numa_event[item]);
	u32 cpu;

	for_each_online_cpu(cpu) sum += old ? per_cpu_ptr(zone->pageset, cpu)->vm_numa_stat_diff[item]
					    : per_cpu_ptr(zone->per_cpu_zonestats, cpu)->vm_numa_event[item];
	return sum;
}

static void show_counters(const struct page *page, const struct zone *zone)
{
	u32 count = memory_zone_item_count(), numa_count = memory_numa_item_count();

	for (u32 i = 0; i < count; i++)
		show_counter(page, i, memory_state_of(zone->vm_stat, i, field_size(struct zone, vm_stat)));
	for (u32 i = 0; i < numa_count; i++)
		show_counter(page, count + i, numa_state(zone, i));
}

static void show_lists(const struct page *page, u32 cpu, int count, int high, int batch)
{
	const char *form = page->form.has_high_bounds ? "\n    cpu: %u\n              count:    %i\n"
							"              high:     %i\n              batch:    %i"
						      : "\n    cpu: %u\n              count: %i\n"
							"              high:  %i\n              batch: %i";

	seq_printf(page->seq, form, cpu, count, high, batch);
}

static void show_cpu(const struct page *page, const struct zone *zone, u32 cpu)
{
	if (field_exists(struct zone, pageset)) {
		const struct per_cpu_pageset *set = per_cpu_ptr(zone->pageset, cpu);

		show_lists(page, cpu, set->pcp.count, set->pcp.high, set->pcp.batch);
		seq_printf(page->seq, "\n  vm stats threshold: %d", set->stat_threshold);
		return;
	}
	const struct per_cpu_pages *pages = per_cpu_ptr(zone->per_cpu_pageset, cpu);
	show_lists(page, cpu, pages->count, pages->high, pages->batch);
	if (page->form.has_high_bounds)
		seq_printf(page->seq, "\n              high_min: %i\n              high_max: %i", pages->high_min,
			   pages->high_max);
	seq_printf(page->seq, "\n  vm stats threshold: %d", per_cpu_ptr(zone->per_cpu_zonestats, cpu)->stat_threshold);
}

static int failures(const struct pglist_data *node)
{
	if (field_exists(struct pglist_data___atomic, kswapd_failures.counter))
		return ((const struct pglist_data___atomic *)node)->kswapd_failures.counter;
	return node->kswapd_failures;
}

static void show_zone(const struct page *page, const struct zone *zone)
{
	char name[MEMORY_NAME_SIZE];
	u32 cpu;

	memory_zone_name(zone, name);
	seq_printf(page->seq, "Node %d, zone %8s", page->node->node_id, name);
	if (is_first_populated(page->node, zone))
		show_node(page);
	show_sizes(page, zone);
	if (zone->present_pages == 0) {
		seq_putc(page->seq, '\n');
		return;
	}
	show_counters(page, zone);
	seq_puts(page->seq, "\n  pagesets");
	for_each_online_cpu(cpu) show_cpu(page, zone, cpu);
	seq_printf(page->seq, "\n  node_unreclaimable:  %u\n  start_pfn:           %llu",
		   failures(page->node) >= RECLAIM_RETRIES_MAX, (u64)zone->zone_start_pfn);
	if (page->form.has_high_atomic)
		seq_printf(page->seq, "\n  reserved_highatomic: %llu\n  free_highatomic:     %llu",
			   (u64)zone->nr_reserved_highatomic, (u64)zone->nr_free_highatomic);
	seq_putc(page->seq, '\n');
}

void zoneinfo_show_all(struct seq *seq)
{
	struct page page = {.seq = seq};
	const struct zone *zone;

	form_read(&page.form);
	for (page.node = memory_node_next(NULL); page.node != NULL; page.node = memory_node_next(page.node))
		for (u32 i = 0; (zone = memory_zone(page.node, i)) != NULL; i++)
			show_zone(&page, zone);
}

static void show_free(struct seq *seq, const struct pglist_data *node, const struct zone *zone)
{
	u64 count = field_size(struct zone, free_area) / type_size(struct free_area);
	char name[MEMORY_NAME_SIZE];

	memory_zone_name(zone, name);
	seq_printf(seq, "Node %d, zone %8s ", node->node_id, name);
	for (u64 i = 0; i < count && i < ORDER_COUNT_MAX; i++) {
		const struct free_area *area =
			(const void *)((const char *)zone->free_area + i * type_size(struct free_area));

		seq_printf(seq, "%6llu ", (u64)area->nr_free);
	}
	seq_putc(seq, '\n');
}

void buddyinfo_show(struct seq *seq)
{
	const struct pglist_data *node;
	const struct zone *zone;

	for (node = memory_node_next(NULL); node != NULL; node = memory_node_next(node))
		for (u32 i = 0; (zone = memory_zone(node, i)) != NULL; i++)
			if (zone->present_pages != 0)
				show_free(seq, node, zone);
}
