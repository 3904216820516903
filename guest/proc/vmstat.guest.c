/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/vmstat: mm/vmstat.c, mm/page-writeback.c, 5.10 to 7.2. */
#include "guest/proc/cpus.h"
#include "guest/proc/memory.h"
#include "guest/proc/shows.h"

/* Before 5.14 and from it on; arrays of atomic_long_t. */
extern s64 vm_numa_stat[], vm_numa_event[];
extern s64 nr_memmap_pages, nr_memmap_boot_pages;
extern unsigned long vm_dirty_bytes, dirty_background_bytes;
extern int vm_dirty_ratio, dirty_background_ratio;
extern unsigned long vm_event_states[]; /* per CPU */

struct table {
	struct seq *seq;
	u32 index; /* of the next line: vmstat_text[] has all of them in a row */
};

static void show(struct table *table, u64 value)
{
	char name[MEMORY_NAME_SIZE];

	memory_item_name(table->index++, name);
	seq_printf(table->seq, "%s %llu\n", name, value);
}

/* What the CPUs have counted of `item` in a zone and not yet folded in: before
 * the file is shown, the kernel folds (fold_vm_numa_events()). */
static u64 zone_events(const struct zone *zone, u32 item)
{
	u64 count = 0;
	u32 cpu;

	for_each_online_cpu(cpu) count += per_cpu_ptr(zone->per_cpu_zonestats, cpu)->vm_numa_event[item];
	return count;
}

static u64 unfolded_events(u32 item)
{
	u64 count = 0;

	for (const struct pglist_data *node = memory_node_next(NULL); node != NULL; node = memory_node_next(node)) {
		const struct zone *zone;

		for (u32 i = 0; (zone = memory_zone(node, i)) != NULL; i++)
			if (zone->present_pages != 0)
				count += zone_events(zone, item);
	}
	return count;
}

static void show_numa(struct table *table)
{
	u32 count = memory_numa_item_count();

	for (u32 i = 0; i < count; i++) {
		if (symbol_exists(vm_numa_event))
			show(table, (u64)vm_numa_event[i] + unfolded_events(i));
		else
			show(table, (u64)vm_numa_stat[i]);
	}
}

static void show_nodes(struct table *table)
{
	u32 count = memory_node_item_count();

	for (u32 i = 0; i < count; i++)
		show(table, memory_node_state(i) / (memory_item_is_huge(i) ? MEMORY_HUGE_PAGES : 1));
}

static u64 threshold(u64 bytes, u64 percent, u64 pages)
{
	if (bytes != 0)
		return (bytes + MEMORY_PAGE_SIZE - 1) / MEMORY_PAGE_SIZE;
	return percent * MEMORY_PAGE_SIZE / 100 * pages / MEMORY_PAGE_SIZE;
}

/* domain_dirty_limits(), for a reader without real-time priority. */
static void show_limits(struct table *table)
{
	u64 pages = memory_dirtyable();
	u64 dirty = threshold(vm_dirty_bytes, (u64)vm_dirty_ratio, pages);
	u64 background = threshold(dirty_background_bytes, (u64)dirty_background_ratio, pages);

	dirty = min(dirty, (u64)UINT32_MAX);
	show(table, dirty);
	show(table, background >= dirty ? dirty / 2 : background);
	if (enum_value_exists(enum vm_stat_item, NR_MEMMAP_PAGES)) {
		show(table, (u64)nr_memmap_pages);
		show(table, (u64)nr_memmap_boot_pages);
	}
}

static u64 event_sum(u32 item)
{
	u64 sum = 0;
	u32 cpu;

	for_each_online_cpu(cpu) sum += per_cpu_ptr(&vm_event_states[0], cpu)[item];
	return sum;
}

static void show_events(struct table *table)
{
	s64 in = enum_value(enum vm_event_item, PGPGIN), out = enum_value(enum vm_event_item, PGPGOUT);
	s64 count = enum_value(enum vm_event_item, NR_VM_EVENT_ITEMS);

	for (s64 i = 0; i < count && i < MEMORY_ITEM_COUNT_MAX; i++)
		show(table, event_sum((u32)i) / (i == in || i == out ? 2 : 1));
}

void vmstat_show(struct seq *seq)
{
	struct table table = {.seq = seq};
	u32 count = memory_zone_item_count();

	for (u32 i = 0; i < count; i++)
		show(&table, memory_zone_state(i));
	show_numa(&table);
	show_nodes(&table);
	show_limits(&table);
	if (symbol_exists(vm_event_states))
		show_events(&table);
	seq_puts(seq, "nr_unstable 0\n");
}
