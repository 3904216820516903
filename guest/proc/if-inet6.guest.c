/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/if_inet6 (if6_seq_show(), net/ipv6/addrconf.c). */
#include "guest/proc/devices.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/addrconf.h"

enum {
	ADDRESS_LIST_COUNT = 256, /* IN6_ADDR_HSIZE */
};

extern struct hlist_head inet6_addr_lst[ADDRESS_LIST_COUNT];

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct inet6_ifaddr *ifp = row->object;
	const struct net_device *dev = ifp->idev->dev;
	char name[DEVICE_NAME_SIZE];
	unsigned char bytes[16];

	/* One table for all namespaces, or one in each. */
	if (!field_exists(struct netns_ipv6, inet6_addr_lst) && dev->nd_net.net != net_subject())
		return;
	guest_copy(bytes, &ifp->addr, sizeof bytes);
	device_name(dev, name);
	for (int i = 0; i < 16; i++)
		seq_printf(row->seq, "%02x", bytes[i]);
	seq_printf(row->seq, " %02x %02x %02x %02x %8s\n", dev->ifindex, ifp->prefix_len, ifp->scope, (u8)ifp->flags,
		   name);
}

void if_inet6_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "an address is missing"};
	bool global = !field_exists(struct netns_ipv6, inet6_addr_lst);

	rows_show_table(&rows, global ? inet6_addr_lst : net_subject()->ipv6.inet6_addr_lst, ADDRESS_LIST_COUNT,
			field_offset(struct inet6_ifaddr, addr_lst));
}
