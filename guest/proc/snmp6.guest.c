/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/snmp6 (net/ipv6/proc.c). */
#include "guest/proc/counters.h"
#include "guest/proc/shows.h"
#include "guest/proc/types/net.h"

extern const struct snmp_mib snmp6_ipstats_list, snmp6_icmp6_list, snmp6_udp6_list, snmp6_udplite6_list;

enum {
	ICMP_TYPE_COUNT = 512,
	ICMP_TYPE_OUT = 256,
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

static u64 icmp_type_count(u32 type)
{
	return (u64)((const s64 *)&init_net.mib.icmpv6msg_statistics->mibs[0])[type];
}

static void show_block(struct seq *seq, const struct snmp_mib *lines, const void *counters)
{
	struct counter_table table;

	counter_table_read(lines, &table);
	for (u32 i = 0; i < table.count; i++)
		seq_printf(seq, "%-32s\t%llu\n", table.lines[i].name, counter_sum(counters, table.lines[i].number));
}

static void show_types_by_name(struct seq *seq, u32 direction)
{
	for (u32 i = 0; i < ARRAY_SIZE(type_names); i++) {
		u32 type = type_names[i].type;
		const char *name = type_names[i].name;

		seq_printf(seq, "Icmp6%s%-*s\t%llu\n", direction != 0 ? "Out" : "In",
			   (int)(direction != 0 ? 32 - 8 : 32 - 7), name, icmp_type_count(type | direction));
	}
}

static void show_types_by_number(struct seq *seq)
{
	for (u32 type = 0; type < ICMP_TYPE_COUNT; type++) {
		u64 count = icmp_type_count(type);
		bool out = type >= ICMP_TYPE_OUT;

		if (count != 0)
			seq_printf(seq, "Icmp6%sType%-*u\t%llu\n", out ? "Out" : "In", out ? 32 - 12 : 32 - 11,
				   type % ICMP_TYPE_OUT, count);
	}
}

void snmp6_show(struct seq *seq)
{
	show_block(seq, &snmp6_ipstats_list, init_net.mib.ipv6_statistics);
	show_block(seq, &snmp6_icmp6_list, init_net.mib.icmpv6_statistics);
	show_types_by_name(seq, 0);
	show_types_by_name(seq, ICMP_TYPE_OUT);
	show_types_by_number(seq);
	show_block(seq, &snmp6_udp6_list, init_net.mib.udp_stats_in6);
	if (field_exists(struct netns_mib, udplite_stats_in6))
		show_block(seq, &snmp6_udplite6_list, init_net.mib.udplite_stats_in6);
}
