/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which devices there are (net/core/net-procfs.c). */
#include "guest/proc/devices.h"

#include "guest/proc/mention.h"
#include "guest/proc/task.h"
#include "guest/proc/xarray.h"

enum {
	DEVICE_LIST_COUNT = 256, /* NETDEV_HASHENTRIES (net/net_namespace.h) */
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

static void show_array(struct rows *rows, const struct xarray *array)
{
	struct xarray_walk walk;
	const void *device;

	xarray_walk_start(&walk, array, "network devices");
	while ((device = xarray_walk_next(&walk)) != NULL)
		rows_show(rows, device);
}

void devices_show(struct rows *rows)
{
	if (order_is_array())
		show_array(rows, &net_subject()->dev_by_index);
	else
		rows_show_table(rows, net_subject()->dev_index_head, DEVICE_LIST_COUNT,
				field_offset(struct net_device, index_hlist));
}
