/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resizable hash tables in the order of rhashtable_walk_next() (lib/rhashtable.c). */
#include "guest/proc/rhashtable.h"

enum {
	/* Tables double with their number of elements; no guest holds as many
	 * sockets in one as this has lists. */
	RHASHTABLE_SIZE_MAX = 1 << 22,
	/* A table is followed by the one that it is moved to; a second move
	 * can begin, and so on: few in practice. */
	RHASHTABLE_FOLLOWERS_MAX = 8,
	/* Pointers in a page, as a power of two: nested tables' fan-out. */
	NESTED_SHIFT = 9,
	NESTED_DEPTH_MAX = 8,
};

/* Where a table that is a tree of pages, because memory was short when it was made, has its list of slot `slot`
 * (__rht_bucket_nested()). NULL: it has no page for it yet. */
static const unsigned long *nested_list(const struct bucket_table *table, u32 slot)
{
	u32 size = table->size >> table->nest;
	const unsigned long *level = (const unsigned long *)table->buckets[0];
	u32 rest = slot >> table->nest;

	level = (const unsigned long *)level[slot & ((1u << table->nest) - 1)];
	for (int depth = 0; level != NULL && size > 1u << NESTED_SHIFT; depth++) {
		if (depth == NESTED_DEPTH_MAX)
			guest_fault_limit("nested hash table");
		level = (const unsigned long *)level[rest & ((1u << NESTED_SHIFT) - 1)];
		size >>= NESTED_SHIFT;
		rest >>= NESTED_SHIFT;
	}
	return level != NULL ? &level[rest] : NULL;
}

static void show_table(struct rows *rows, const struct bucket_table *table, u64 node_offset)
{
	u32 size = table->size, nest = table->nest;

	if (size > RHASHTABLE_SIZE_MAX || nest > NESTED_SHIFT)
		guest_fail(STATUS_MALFORMED, "a resizable hash table is larger than any could be");
	for (u32 i = 0; i < size; i++) {
		const unsigned long *list = nest != 0 ? nested_list(table, i) : &table->buckets[i];

		if (list == NULL)
			continue;
		/* A list ends with its own place, made odd (RHT_NULLS_MARKER()); bit 0 of its first is its lock. */
		rows->end = (u64)list | 1;
		rows_show_list(rows, (const void *)(READ_ONCE(*list) & ~1ul), node_offset);
	}
	rows->end = 0;
}

/* While a table is being moved, its elements are in it or in those that follow it. */
void rows_show_rhashtable(struct rows *rows, const struct rhashtable *hash, u64 node_offset)
{
	const struct bucket_table *table = READ_ONCE(hash->tbl);
	struct guest_bound bound = GUEST_BOUND(RHASHTABLE_FOLLOWERS_MAX, "resizable hash tables");

	if (table == NULL)
		guest_fail(STATUS_MALFORMED, "a resizable hash table is missing");
	for (; table != NULL; table = READ_ONCE(table->future_tbl)) {
		guest_bound(&bound);
		show_table(rows, table, node_offset);
	}
}
