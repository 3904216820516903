/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/igmp and igmp6: multicast groups (net/ipv4/igmp.c, net/ipv6/mcast.c). */
#include "guest/proc/devices.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/ticks.h"
#include "guest/proc/types/addrconf.h"
#include "guest/proc/types/multicast.h"

enum {
	FORCE_VERSION = 17, /* IPV4_DEVCONF_FORCE_IGMP_VERSION (uapi/linux/ip.h), from 1 */
	TIMER_RUNS = 1, /* MAF_TIMER_RUNNING (net/if_inet6.h) */
	GROUP_COUNT_MAX = 1 << 20,
};

static bool is_before(u64 now, u64 then)
{
	return (s64)(now - then) < 0;
}

/* Is the device held to a version, or was a querier of it heard? */
static bool version_seen(const struct in_device *in_dev, int version, u64 seen_until, u64 now)
{
	const int *all = net_subject()->ipv4.devconf_all->data, *own = in_dev->cnf.data;

	return all[FORCE_VERSION - 1] == version || own[FORCE_VERSION - 1] == version ||
	       (seen_until != 0 && is_before(now, seen_until));
}

static const char *querier(const struct in_device *in_dev, u64 now)
{
	if (version_seen(in_dev, 1, in_dev->mr_v1_seen, now))
		return "V1";
	return version_seen(in_dev, 2, in_dev->mr_v2_seen, now) ? "V2" : "V3";
}

/* All groups of one device, behind a line for it. */
static void show_device(void *argument)
{
	const struct row *row = argument;
	const struct net_device *dev = row->object;
	const struct ticks *ticks = row->rows->context;
	const struct in_device *in_dev = dev->ip_ptr;
	struct guest_bound bound = GUEST_BOUND(GROUP_COUNT_MAX, "multicast groups");
	const struct ip_mc_list *group = in_dev != NULL ? READ_ONCE(in_dev->mc_list) : NULL;
	char name[DEVICE_NAME_SIZE];

	if (group == NULL)
		return;
	device_name(dev, name);
	seq_printf(row->seq, "%d\t%-10s: %5d %7s\n", dev->ifindex, name, in_dev->mc_count, querier(in_dev, ticks->now));
	for (; group != NULL; group = READ_ONCE(group->next_rcu)) {
		bool runs = group->tm_running != 0;

		guest_bound(&bound);
		seq_printf(row->seq, "\t\t\t\t%08X %5d %d:%08llX\t\t%d\n", group->multiaddr, group->users,
			   group->tm_running, runs ? ticks_until(ticks, group->timer.expires) : 0, group->reporter);
	}
}

static void show_device6(void *argument)
{
	const struct row *row = argument;
	const struct net_device *dev = row->object;
	const struct inet6_dev *in_dev = dev->ip6_ptr;
	struct guest_bound bound = GUEST_BOUND(GROUP_COUNT_MAX, "multicast groups");
	const struct ifmcaddr6 *group = in_dev != NULL ? READ_ONCE(in_dev->mc_list) : NULL;
	unsigned char address[16];
	char name[DEVICE_NAME_SIZE];

	device_name(dev, name);
	for (; group != NULL; group = READ_ONCE(group->next)) {
		bool runs = (group->mca_flags & TIMER_RUNS) != 0;

		guest_bound(&bound);
		guest_copy(address, &group->mca_addr, sizeof address);
		seq_printf(row->seq, "%-4d %-15s ", dev->ifindex, name);
		for (u32 i = 0; i < sizeof address; i++)
			seq_printf(row->seq, "%02x", address[i]);
		seq_printf(row->seq, " %5d %08X %llu\n", group->mca_users, group->mca_flags,
			   runs ? ticks_until(row->rows->context, group->mca_work.timer.expires) : 0);
	}
}

static void show_devices(struct seq *seq, void (*show)(void *row))
{
	struct ticks ticks;
	struct rows rows = {.seq = seq, .show = show, .missing = "a device's groups are missing", .context = &ticks};
	const struct net_device *dev;

	ticks_read(&ticks);
	list_for_each_entry (dev, &net_subject()->dev_base_head, dev_list)
		rows_show(&rows, dev);
}

void igmp_show(struct seq *seq)
{
	seq_puts(seq, "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n");
	show_devices(seq, show_device);
}

void igmp6_show(struct seq *seq)
{
	show_devices(seq, show_device6);
}
