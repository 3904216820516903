/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/ptype: who takes which packets (net/core/net-procfs.c). */
#include "guest/proc/devices.h"
#include "guest/proc/shows.h"
#include "guest/proc/symbols.h"
#include "guest/proc/task.h"
#include "guest/proc/types/ptype.h"

enum {
	PACKET_TYPE_ALL = 3, /* ETH_P_ALL (uapi/linux/if_ether.h) */
	PACKET_TYPE_LIST_COUNT = 16, /* PTYPE_HASH_SIZE (linux/netdevice.h) */
	PACKET_TYPE_COUNT_MAX = 1 << 16,
};

extern struct list_head ptype_all; /* before 6.9; then net_hotdata's, then the namespaces' */
extern struct net_hotdata net_hotdata;
extern struct list_head ptype_base[PACKET_TYPE_LIST_COUNT];

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct packet_type *type = row->object;
	const struct net_device *dev = row->rows->context;
	const struct net *net = type->af_packet_net;
	char device[DEVICE_NAME_SIZE] = "", function[SYMBOL_NAME_SIZE];
	u32 number = ntohs(type->type);

	if (net != NULL && net != net_subject())
		return;
	if (dev != NULL)
		device_name(dev, device);
	symbol_text(type->func, function);
	if (number == PACKET_TYPE_ALL)
		seq_puts(row->seq, "ALL ");
	else
		seq_printf(row->seq, "%04x", number);
	seq_printf(row->seq, " %-8s %s\n", device, function);
}

static void show_list(struct rows *rows, const struct list_head *head, const struct net_device *dev)
{
	struct guest_bound bound = GUEST_BOUND(PACKET_TYPE_COUNT_MAX, "packet types");
	const struct list_head *node;

	rows->context = dev;
	for (node = READ_ONCE(head->next); node != head; node = READ_ONCE(node->next)) {
		guest_bound(&bound);
		rows_show(rows, container_of(node, struct packet_type, list));
	}
}

/* Apart, or the compiler would take both addresses and choose afterwards. */
__attribute__((noinline)) static void show_global_list(struct rows *rows)
{
	show_list(rows, &ptype_all, NULL);
}

void ptype_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a packet type is missing"};
	const struct net_device *dev;

	seq_puts(seq, "Type Device      Function\n");
	list_for_each_entry (dev, &net_subject()->dev_base_head, dev_list)
		show_list(&rows, &dev->ptype_all, dev);
	if (field_exists(struct net, ptype_all)) {
		show_list(&rows, &net_subject()->ptype_all, NULL);
		show_list(&rows, &net_subject()->ptype_specific, NULL);
	} else if (symbol_exists(ptype_all)) {
		show_global_list(&rows);
	} else {
		show_list(&rows, &net_hotdata.ptype_all, NULL);
	}
	for (int i = 0; i < PACKET_TYPE_LIST_COUNT; i++)
		show_list(&rows, &ptype_base[i], NULL);
}
