/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/snmp6 and dev_snmp6/ (net/ipv6/proc.c). */
#include "guest/proc/counters.h"
#include "guest/proc/devices.h"
#include "guest/proc/listing.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/addrconf.h"
#include "guest/proc/types/net.h"

extern const struct snmp_mib snmp6_ipstats_list, snmp6_icmp6_list, snmp6_udp6_list, snmp6_udplite6_list;

enum {
	ICMP_TYPE_COUNT = 512,
	ICMP_TYPE_OUT = 256,
	MODE_FILE = 0100444,
};

/* Names of ICMPv6 messages: RFC 2466's. A table of the kernel's until 6.15, a
 * switch since: no data to read, but names of an RFC don't change. */
static const struct {
	u32 type;
	const char *name;
} type_names[] = {
	{1, "DestUnreachs"},
	{2, "PktTooBigs"},
	{3, "TimeExcds"},
	{4, "ParmProblems"},
	{128, "Echos"},
	{129, "EchoReplies"},
	{130, "GroupMembQueries"},
	{131, "GroupMembResponses"},
	{132, "GroupMembReductions"},
	{133, "RouterSolicits"},
	{134, "RouterAdvertisements"},
	{135, "NeighborSolicits"},
	{136, "NeighborAdvertisements"},
	{137, "Redirects"},
	{143, "MLDv2Reports"},
};

static u64 icmp_type_count(const s64 *messages, u32 type)
{
	return (u64)messages[type];
}

static void show_block(struct seq *seq, const struct snmp_mib *lines, const void *counters)
{
	struct counter_table table;

	counter_table_read(lines, &table);
	for (u32 i = 0; i < table.count; i++)
		seq_printf(seq, "%-32s\t%llu\n", table.lines[i].name, counter_sum(counters, table.lines[i].number));
}

static void show_types_by_name(struct seq *seq, const s64 *messages, u32 direction)
{
	for (u32 i = 0; i < ARRAY_SIZE(type_names); i++) {
		u32 type = type_names[i].type;
		const char *name = type_names[i].name;

		seq_printf(seq, "Icmp6%s%-*s\t%llu\n", direction != 0 ? "Out" : "In",
			   (int)(direction != 0 ? 32 - 8 : 32 - 7), name, icmp_type_count(messages, type | direction));
	}
}

static void show_types_by_number(struct seq *seq, const s64 *messages)
{
	for (u32 type = 0; type < ICMP_TYPE_COUNT; type++) {
		u64 count = icmp_type_count(messages, type);
		bool out = type >= ICMP_TYPE_OUT;

		if (count != 0)
			seq_printf(seq, "Icmp6%sType%-*u\t%llu\n", out ? "Out" : "In", out ? 32 - 12 : 32 - 11,
				   type % ICMP_TYPE_OUT, count);
	}
}

/* snmp6_seq_show_icmpv6msg() */
static void show_messages(struct seq *seq, const s64 *messages)
{
	show_types_by_name(seq, messages, 0);
	show_types_by_name(seq, messages, ICMP_TYPE_OUT);
	show_types_by_number(seq, messages);
}

void snmp6_show(struct seq *seq)
{
	show_block(seq, &snmp6_ipstats_list, net_subject()->mib.ipv6_statistics);
	show_block(seq, &snmp6_icmp6_list, net_subject()->mib.icmpv6_statistics);
	show_messages(seq, (const s64 *)&net_subject()->mib.icmpv6msg_statistics->mibs[0]);
	show_block(seq, &snmp6_udp6_list, net_subject()->mib.udp_stats_in6);
	if (field_exists(struct netns_mib, udplite_stats_in6))
		show_block(seq, &snmp6_udplite6_list, net_subject()->mib.udplite_stats_in6);
}

/* ---- what a device counts by itself */

/* Host-wide limits aren't a device's: since 6.18 its file ends before them. Tables that are counted,
 * not ended by a mark, came with 6.16; 6.16 and 6.17, which nobody maintains, show the line. */
static u32 device_line_count(const struct counter_table *table)
{
	u32 last = table->count - 1;

	if (table->count != 0 && !table->is_marked && strcmp(table->lines[last].name, "Icmp6OutRateLimitHost") == 0)
		return last;
	return table->count;
}

/* snmp6_dev_seq_show() */
static void show_device(struct seq *seq, const struct inet6_dev *in_dev)
{
	const s64 *counted = (const s64 *)&in_dev->stats.icmpv6dev->mibs[0];
	struct counter_table table;

	seq_printf(seq, "%-32s\t%u\n", "ifIndex", (u32)in_dev->dev->ifindex);
	show_block(seq, &snmp6_ipstats_list, in_dev->stats.ipv6);
	counter_table_read(&snmp6_icmp6_list, &table);
	for (u32 i = 0; i < device_line_count(&table); i++)
		seq_printf(seq, "%-32s\t%llu\n", table.lines[i].name, (u64)counted[table.lines[i].number]);
	show_messages(seq, (const s64 *)&in_dev->stats.icmpv6msgdev->mibs[0]);
}

void dev_snmp6_show(struct seq *seq)
{
	char wanted[PROC_REST_SIZE_MAX], name[DEVICE_NAME_SIZE];
	const struct net_device *dev;

	subject_rest(wanted, sizeof wanted);
	list_for_each_entry (dev, &net_subject()->dev_base_head, dev_list) {
		device_name(dev, name);
		if (strcmp(name, wanted) != 0 || dev->ip6_ptr == NULL)
			continue;
		show_device(seq, dev->ip6_ptr);
		return;
	}
	guest_fail(STATUS_MISSING, "no such device");
}

struct device_entry {
	struct listing *listing;
	const struct net_device *dev;
};

static void add_device(void *argument)
{
	const struct device_entry *entry = argument;
	const struct inet6_dev *in_dev = entry->dev->ip6_ptr;
	char name[DEVICE_NAME_SIZE];

	if (in_dev == NULL || in_dev->stats.proc_dir_entry == NULL)
		return;
	device_name(entry->dev, name);
	listing_add(entry->listing, name, MODE_FILE, 0);
}

void dev_snmp6_list(struct listing *listing)
{
	struct device_entry entry = {.listing = listing};

	list_for_each_entry (entry.dev, &net_subject()->dev_base_head, dev_list)
		if (guest_try(add_device, &entry) != STATUS_OK)
			listing_fault(listing, "a device can't be read");
}
