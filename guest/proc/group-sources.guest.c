/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/mcfilter and mcfilter6: from whom multicast groups are heard
 * (igmp_mcf_seq_show(), net/ipv4/igmp.c; igmp6_mcf_seq_show(), net/ipv6/mcast.c), and
 * /proc/net/anycast6 (net/ipv6/anycast.c), 5.10 to 7.2. */
#include "guest/proc/devices.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/addrconf.h"
#include "guest/proc/types/multicast.h"

enum {
	GROUP_COUNT_MAX = 1 << 20, /* of a device, their sources included */
	EXCLUDE = 0, /* MCAST_… (uapi/linux/in.h) */
	INCLUDE = 1,
	NAME_SHOWN_MAX = 6, /* of a device's name */
	ADDRESS_SIZE = 16,
};

static void show_address(struct seq *seq, const struct in6_addr *address)
{
	unsigned char bytes[ADDRESS_SIZE];

	guest_copy(bytes, address, sizeof bytes);
	for (u32 i = 0; i < sizeof bytes; i++)
		seq_printf(seq, "%02x", bytes[i]);
}

/* What the rows of a file share. The kernel begins with the first device whose first group has sources
 * (igmp_mcf_get_first(), igmp6_mcf_get_first()): what devices before have isn't shown. */
struct file {
	bool has_begun;
};

static void device_name_short(const struct net_device *dev, char ret_name[DEVICE_NAME_SIZE])
{
	device_name(dev, ret_name);
	ret_name[NAME_SHOWN_MAX] = '\0';
}

static void show_device(void *argument)
{
	const struct row *row = argument;
	const struct net_device *dev = row->object;
	const struct in_device *in_dev = dev->ip_ptr;
	struct guest_bound bound = GUEST_BOUND(GROUP_COUNT_MAX, "sources of multicast groups");
	const struct ip_mc_list *group = in_dev != NULL ? READ_ONCE(in_dev->mc_list) : NULL;
	struct file *file = (struct file *)row->rows->context;
	char name[DEVICE_NAME_SIZE];

	file->has_begun |= group != NULL && group->sources != NULL;
	if (!file->has_begun)
		return;
	device_name_short(dev, name);
	for (; group != NULL; group = READ_ONCE(group->next_rcu)) {
		guest_bound(&bound);
		for (const struct ip_sf_list *source = READ_ONCE(group->sources); source != NULL;
		     source = READ_ONCE(source->sf_next)) {
			const unsigned long *counts = source->sf_count;

			guest_bound(&bound);
			seq_printf(row->seq, "%3d %6s 0x%08x 0x%08x %6lu %6lu\n", dev->ifindex, name,
				   ntohl(group->multiaddr), ntohl(source->sf_inaddr), counts[INCLUDE], counts[EXCLUDE]);
		}
	}
}

static void show_device6(void *argument)
{
	const struct row *row = argument;
	const struct net_device *dev = row->object;
	const struct inet6_dev *in_dev = dev->ip6_ptr;
	struct guest_bound bound = GUEST_BOUND(GROUP_COUNT_MAX, "sources of multicast groups");
	const struct ifmcaddr6 *group = in_dev != NULL ? READ_ONCE(in_dev->mc_list) : NULL;
	struct file *file = (struct file *)row->rows->context;
	char name[DEVICE_NAME_SIZE];

	file->has_begun |= group != NULL && group->mca_sources != NULL;
	if (!file->has_begun)
		return;
	device_name_short(dev, name);
	for (; group != NULL; group = READ_ONCE(group->next)) {
		guest_bound(&bound);
		for (const struct ip6_sf_list *source = READ_ONCE(group->mca_sources); source != NULL;
		     source = READ_ONCE(source->sf_next)) {
			const unsigned long *counts = source->sf_count;

			guest_bound(&bound);
			seq_printf(row->seq, "%3d %6s ", dev->ifindex, name);
			show_address(row->seq, &group->mca_addr);
			seq_putc(row->seq, ' ');
			show_address(row->seq, &source->sf_addr);
			seq_printf(row->seq, " %6lu %6lu\n", counts[INCLUDE], counts[EXCLUDE]);
		}
	}
}

static void show_anycast(void *argument)
{
	const struct row *row = argument;
	const struct net_device *dev = row->object;
	const struct inet6_dev *in_dev = dev->ip6_ptr;
	struct guest_bound bound = GUEST_BOUND(GROUP_COUNT_MAX, "anycast addresses");
	const struct ifacaddr6 *address = in_dev != NULL ? READ_ONCE(in_dev->ac_list) : NULL;
	char name[DEVICE_NAME_SIZE];

	device_name(dev, name);
	for (; address != NULL; address = READ_ONCE(address->aca_next)) {
		guest_bound(&bound);
		seq_printf(row->seq, "%-4d %-15s ", dev->ifindex, name);
		show_address(row->seq, &address->aca_addr);
		seq_printf(row->seq, " %5d\n", address->aca_users);
	}
}

static void show_devices(struct seq *seq, void (*show)(void *row), const char *missing)
{
	struct file file = {};
	struct rows rows = {.seq = seq, .show = show, .missing = missing, .context = &file};
	const struct net_device *dev;

	list_for_each_entry (dev, &net_subject()->dev_base_head, dev_list)
		rows_show(&rows, dev);
}

void mcfilter_show(struct seq *seq)
{
	seq_puts(seq, "Idx Device        MCA        SRC    INC    EXC\n");
	show_devices(seq, show_device, "a device's groups are missing");
}

void mcfilter6_show(struct seq *seq)
{
	seq_puts(seq, "Idx Device                Multicast Address                   Source Address    INC    EXC\n");
	show_devices(seq, show_device6, "a device's groups are missing");
}

void anycast6_show(struct seq *seq)
{
	show_devices(seq, show_anycast, "a device's addresses are missing");
}
