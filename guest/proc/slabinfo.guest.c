/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/slabinfo: mm/slab_common.c, mm/slub.c, 5.10 to 7.2. */
#include "guest/proc/memory.h"
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"

#include "guest/kernel/guestc-types-begin.h"

struct kmem_cache_order_objects {
	unsigned int x;
};

struct kmem_cache_node {
	unsigned long nr_partial;
	struct list_head partial;
	atomic_long_t nr_slabs, total_objects;
};

struct kmem_cache_per_node_ptrs {
	struct kmem_cache_node *node;
};

struct kmem_cache {
	unsigned int size;
	struct kmem_cache_order_objects oo;
	const char *name;
	struct list_head list;
	struct kmem_cache_node *node[1];
	struct kmem_cache_per_node_ptrs per_node[1]; /* newest kernels, instead */
};

/* The same words: struct page before 5.17. */
struct slab {
	struct list_head slab_list;
	unsigned int inuse : 16;
	unsigned int objects : 15;
};

struct page {
	struct list_head slab_list;
	unsigned int inuse : 16;
	unsigned int objects : 15;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	CACHE_COUNT_MAX = 1 << 16,
	CACHE_NAME_SIZE = 128,
	PARTIAL_SCANNED_MAX = 10000, /* MAX_PARTIAL_TO_SCAN: newer kernels count no further */
	ORDER_SHIFT = 16, /* OO_SHIFT */
	ORDER_MAX = 16,
};

extern struct list_head slab_caches;
extern u32 nr_node_ids;
extern const char count_partial_free_approx[];

struct counts {
	u64 slabs, objects, free;
};

static u64 free_in(const struct list_head *node)
{
	if (type_exists(struct slab)) {
		const struct slab *slab = container_of(node, struct slab, slab_list);

		return slab->objects - (u64)slab->inuse;
	}
	const struct page *page = container_of(node, struct page, slab_list);
	return page->objects - (u64)page->inuse;
}

/* mult_frac(): how much of x, where y of z were looked at. */
static u64 extrapolated(u64 x, u64 count, u64 scanned)
{
	return x / scanned * count + x % scanned * count / scanned;
}

/* count_partial_free_approx(); older kernels count all. */
static u64 free_in_partial(const struct kmem_cache_node *node)
{
	u64 free = 0, scanned = 0, count = node->nr_partial;
	bool cut = count > PARTIAL_SCANNED_MAX && type_exists(struct slab);
	u64 limit = cut ? PARTIAL_SCANNED_MAX / 2 : GUEST_WALK_STEPS_MAX;
	const struct list_head *at;

	for (at = READ_ONCE(node->partial.next); at != &node->partial; at = READ_ONCE(at->next)) {
		if (scanned == limit) {
			if (!cut)
				guest_fault_limit("partial slabs");
			break;
		}
		free += free_in(at);
		scanned++;
	}
	if (!cut)
		return free;
	for (at = READ_ONCE(node->partial.prev); at != &node->partial && scanned < PARTIAL_SCANNED_MAX;
	     at = READ_ONCE(at->prev), scanned++)
		free += free_in(at);
	return scanned == 0 ? 0 : min(extrapolated(free, count, scanned), (u64)node->total_objects.counter);
}

static const struct kmem_cache_node *node_of(const struct kmem_cache *cache, u32 node)
{
	if (field_exists(struct kmem_cache, per_node)) {
		const char *pointers =
			(const char *)cache->per_node + node * type_size(struct kmem_cache_per_node_ptrs);

		return ((const struct kmem_cache_per_node_ptrs *)pointers)->node;
	}
	struct kmem_cache_node *const *nodes = cache->node;
	return nodes[node];
}

static void count(const struct kmem_cache *cache, struct counts *counts)
{
	u32 nodes = min(nr_node_ids, (u32)MEMORY_NODE_COUNT_MAX);

	for (u32 i = 0; i < nodes; i++) {
		const struct kmem_cache_node *node = node_of(cache, i);

		if (node == NULL)
			continue;
		counts->slabs += (u64)node->nr_slabs.counter;
		counts->objects += (u64)node->total_objects.counter;
		counts->free += free_in_partial(node);
	}
}

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct kmem_cache *cache = row->object;
	struct counts counts = {0};
	char name[CACHE_NAME_SIZE];
	u32 order = cache->oo.x >> ORDER_SHIFT;

	if (guest_string_copy(name, sizeof name, cache->name) == sizeof name || order > ORDER_MAX)
		guest_fail(STATUS_MALFORMED, "a cache of slabs has a name without end, or slabs beyond any size");
	count(cache, &counts);
	seq_printf(row->seq, "%-17s %6llu %6llu %6u %4u %4d", name, counts.objects - counts.free, counts.objects,
		   cache->size, cache->oo.x & ((1u << ORDER_SHIFT) - 1), 1 << order);
	seq_printf(row->seq, " : tunables    0    0    0 : slabdata %6llu %6llu      0\n", counts.slabs, counts.slabs);
}

void slabinfo_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a cache of slabs is missing"};
	struct guest_bound bound = GUEST_BOUND(CACHE_COUNT_MAX, "caches of slabs");
	const struct list_head *node;

	seq_puts(seq, "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> <objperslab> "
		      "<pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> "
		      "<num_slabs> <sharedavail>\n");
	for (node = READ_ONCE(slab_caches.next); node != &slab_caches; node = READ_ONCE(node->next)) {
		guest_bound(&bound);
		rows_show(&rows, container_of(node, struct kmem_cache, list));
	}
}
