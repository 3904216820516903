/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts of memory: mm/vmstat.c, mm/page-writeback.c, include/linux/vmstat.h,
 * 5.10 to 7.2. */
#include "guest/proc/memory.h"

#include "guest/proc/cpus.h"

/* Arrays of atomic_long_t. */
extern s64 vm_zone_stat[], vm_node_stat[];
extern unsigned long totalreserve_pages;
extern u32 nr_node_ids;

static u32 item_count(s64 count)
{
	if (count < 0 || count > MEMORY_ITEM_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "the kernel says that it has more counters of memory than any has");
	return (u32)count;
}

u32 memory_zone_item_count(void)
{
	return item_count(enum_value(enum zone_stat_item, NR_VM_ZONE_STAT_ITEMS));
}

u32 memory_numa_item_count(void)
{
	if (enum_value_exists(enum numa_stat_item, NR_VM_NUMA_EVENT_ITEMS))
		return item_count(enum_value(enum numa_stat_item, NR_VM_NUMA_EVENT_ITEMS));
	if (enum_value_exists(enum numa_stat_item, NR_VM_NUMA_STAT_ITEMS))
		return item_count(enum_value(enum numa_stat_item, NR_VM_NUMA_STAT_ITEMS));
	return 0;
}

u32 memory_node_item_count(void)
{
	return item_count(enum_value(enum node_stat_item, NR_VM_NODE_STAT_ITEMS));
}

u64 memory_state_of(const s64 *values, s64 item, u64 values_size)
{
	if (item < 0 || (u64)item >= values_size / sizeof *values)
		guest_fail(STATUS_MALFORMED, "a counter of memory is beyond the table of them");
	return (u64)max(values[item], 0ll);
}

u64 memory_zone_state(s64 item)
{
	return memory_state_of(vm_zone_stat, item, memory_zone_item_count() * sizeof(s64));
}

u64 memory_node_state(s64 item)
{
	return memory_state_of(vm_node_stat, item, memory_node_item_count() * sizeof(s64));
}

/* From 5.11 on huge pages are counted in pages, and shown in huge ones. The
 * count of page tables moved from zones to nodes in the same release. */
bool memory_item_is_huge(s64 item)
{
	if (!enum_value_exists(enum node_stat_item, NR_PAGETABLE) ||
	    !enum_value_exists(enum node_stat_item, NR_ANON_THPS))
		return false;
	return item == enum_value(enum node_stat_item, NR_ANON_THPS) ||
	       item == enum_value(enum node_stat_item, NR_FILE_THPS) ||
	       item == enum_value(enum node_stat_item, NR_SHMEM_THPS) ||
	       item == enum_value(enum node_stat_item, NR_SHMEM_PMDMAPPED) ||
	       item == enum_value(enum node_stat_item, NR_FILE_PMDMAPPED);
}

void memory_item_name(u32 index, char ret_name[MEMORY_NAME_SIZE])
{
	if (guest_string_copy(ret_name, MEMORY_NAME_SIZE, vmstat_text[index]) == MEMORY_NAME_SIZE)
		guest_fail(STATUS_MALFORMED, "the name of a counter of memory has no end");
}

static bool node_is(u32 node, s64 state)
{
	const unsigned long *bits =
		(const unsigned long *)((const char *)node_states + (u64)state * type_size(nodemask_t));

	if (node / 8 >= type_size(nodemask_t))
		return false;
	return (bits[node / 64] >> (node % 64) & 1) != 0;
}

bool memory_node_is(const struct pglist_data *node, s64 state)
{
	if (!symbol_exists(node_data))
		return true;
	return node_is((u32)node->node_id, state);
}

const struct pglist_data *memory_node_next(const struct pglist_data *previous)
{
	if (!symbol_exists(node_data))
		return previous == NULL ? &contig_page_data : NULL;
	u32 first = previous == NULL ? 0 : (u32)previous->node_id + 1;
	u32 count = min(nr_node_ids, (u32)MEMORY_NODE_COUNT_MAX);
	for (u32 node = first; node < count; node++)
		if (node_is(node, enum_value(enum node_states, N_ONLINE)))
			return node_data[node];
	return NULL;
}

const struct zone *memory_zone(const struct pglist_data *node, u32 index)
{
	u64 count = field_size(struct pglist_data, node_zones) / type_size(struct zone);

	if (index >= count || index >= MEMORY_ZONE_COUNT_MAX)
		return NULL;
	return (const struct zone *)((const char *)node->node_zones + index * type_size(struct zone));
}

u64 memory_watermark(const struct zone *zone, s64 which)
{
	const unsigned long *marks = zone->_watermark;

	if (which < 0 || (u64)which >= field_size(struct zone, _watermark) / sizeof *marks)
		guest_fail(STATUS_MALFORMED, "a watermark is beyond the table of them");
	return marks[which] + zone->watermark_boost;
}

u64 memory_reserved(void)
{
	return totalreserve_pages;
}

u64 memory_dirtyable(void)
{
	u64 pages = memory_zone_state(enum_value(enum zone_stat_item, NR_FREE_PAGES));

	pages -= min(pages, memory_reserved());
	pages += memory_node_state(enum_value(enum node_stat_item, NR_INACTIVE_FILE));
	pages += memory_node_state(enum_value(enum node_stat_item, NR_ACTIVE_FILE));
	return pages + 1;
}

u64 memory_counter_sum(const struct percpu_counter *counter)
{
	s64 sum = counter->count;
	u32 cpu;

	for_each_online_cpu(cpu) sum += *per_cpu_ptr(counter->counters, cpu);
	return (u64)max(sum, 0ll);
}

void memory_zone_name(const struct zone *zone, char name[MEMORY_NAME_SIZE])
{
	if (guest_string_copy(name, MEMORY_NAME_SIZE, zone->name) == MEMORY_NAME_SIZE)
		guest_fail(STATUS_MALFORMED, "the name of a zone has no end");
}
