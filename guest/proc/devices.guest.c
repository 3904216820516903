/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which devices there are (net/core/net-procfs.c, lib/xarray.c). */
#include "guest/proc/devices.h"

#include "guest/proc/mention.h"

enum {
	DEVICE_LIST_COUNT = 256, /* NETDEV_HASHENTRIES (net/net_namespace.h) */
	/* Levels of six bits that an index of 64 bits needs. */
	XARRAY_DEPTH_MAX = 11,
	/* Below it, an entry that isn't a pointer (xa_is_node()). */
	XARRAY_INTERNAL_MAX = 4096,
};

extern char dev_seq_from_index[], dev_seq_next[], xa_find[];

/* From 6.9 on, /proc/net/dev follows the array; before, the hash lists, though
 * 6.6 has the array too. The order differs from index 256 on. The function that
 * asks the array may be part of the one that calls it. */
static bool order_is_array(void)
{
	if (!field_exists(struct net, dev_by_index))
		return false;
	return symbol_exists(dev_seq_from_index) ||
	       (symbol_exists(dev_seq_next) && code_refers_to(dev_seq_next, xa_find));
}

void device_name(const struct net_device *dev, char ret_name[DEVICE_NAME_SIZE])
{
	guest_string_copy(ret_name, DEVICE_NAME_SIZE, dev->name);
}

/* An inner node of the array: an address with 2 in its low bits. */
static bool is_node(const void *entry)
{
	return ((u64)entry & 3) == 2 && (u64)entry > XARRAY_INTERNAL_MAX;
}

static u32 slot_count(void)
{
	return (u32)(field_size(struct xa_node, slots) / sizeof(void *));
}

/* All entries below `head`, by index: a walk down and along, with the nodes
 * above kept on a stack. */
static void show_array(struct rows *rows, const void *head)
{
	struct {
		const struct xa_node *node;
		u32 next;
	} stack[XARRAY_DEPTH_MAX];
	struct guest_bound bound = GUEST_BOUND(GUEST_WALK_STEPS_MAX, "network devices");
	u32 depth = 0, slots = slot_count();
	const void *entry = head;

	for (;;) {
		guest_bound(&bound);
		if (is_node(entry)) {
			if (depth == XARRAY_DEPTH_MAX)
				guest_fault_limit("levels of the device array");
			stack[depth].node = (const struct xa_node *)((u64)entry & ~3ull);
			stack[depth++].next = 0;
		} else if (entry != NULL && ((u64)entry & 3) == 0) {
			rows_show(rows, entry);
		}
		while (depth != 0 && stack[depth - 1].next == slots)
			depth--;
		if (depth == 0)
			return;
		void *const *slot = (void *const *)stack[depth - 1].node->slots;
		entry = READ_ONCE(slot[stack[depth - 1].next++]);
	}
}

void devices_show(struct rows *rows)
{
	if (order_is_array())
		show_array(rows, READ_ONCE(init_net.dev_by_index.xa_head));
	else
		rows_show_table(rows, init_net.dev_index_head, DEVICE_LIST_COUNT,
				field_offset(struct net_device, index_hlist));
}
