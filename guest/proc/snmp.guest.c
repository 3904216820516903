/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/snmp and /proc/net/netstat (net/ipv4/proc.c, net/mptcp/mib.c). */
#include "guest/proc/counters.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/devconf.h"
#include "guest/proc/types/net.h"

extern const struct snmp_mib snmp4_ipstats_list, snmp4_tcp_list, snmp4_udp_list, snmp4_net_list, snmp4_ipextstats_list,
	mptcp_snmp_list;
/* Lines like struct snmp_mib's: a name and a message type. */
extern const struct snmp_mib icmpmibmap;

enum {
	/* ICMP_MIB_… (uapi/linux/snmp.h). */
	ICMP_IN_MESSAGES = 1,
	ICMP_IN_ERRORS = 2,
	ICMP_OUT_MESSAGES = 14,
	ICMP_OUT_ERRORS = 15,
	ICMP_IN_CHECKSUM_ERRORS = 27,
	ICMP_OUT_RATE_LIMIT_GLOBAL = 28,
	ICMP_OUT_RATE_LIMIT_HOST = 29,
	/* Message types, and what marks the outgoing ones. */
	ICMP_TYPE_COUNT = 512,
	ICMP_TYPE_OUT = 256,
	ICMP_TYPES_PER_LINE = 16,
	TCP_MAXCONN = 4, /* TCP_MIB_MAXCONN */
	FORWARDING = 1, /* IPV4_DEVCONF_FORWARDING (uapi/linux/ip.h), from 1 */
};

static void show_ip(struct seq *seq, struct counter_table *table)
{
	const int *all = net_subject()->ipv4.devconf_all->data;

	counter_table_read(&snmp4_ipstats_list, table);
	seq_puts(seq, "Ip: Forwarding DefaultTTL");
	counters_show_names(seq, table);
	seq_printf(seq, "\nIp: %d %d", all[FORWARDING - 1] != 0 ? 1 : 2, net_subject()->ipv4.sysctl_ip_default_ttl);
	counters_show_values(seq, table, net_subject()->mib.ip_statistics);
}

static u64 icmp_type_count(u32 type)
{
	const s64 *counters = (const s64 *)&net_subject()->mib.icmpmsg_statistics->mibs[0];

	if (type >= ICMP_TYPE_COUNT)
		guest_fail(STATUS_MALFORMED, "an ICMP message type is beyond the table");
	return (u64)counters[type];
}

static void show_icmp_types(struct seq *seq, const struct counter_table *types, u32 direction)
{
	for (u32 i = 0; i < types->count; i++)
		seq_printf(seq, " %llu", icmp_type_count(types->lines[i].number | direction));
}

static void show_icmp_type_names(struct seq *seq, const struct counter_table *types, const char *direction)
{
	for (u32 i = 0; i < types->count; i++)
		seq_printf(seq, " %s%s", direction, types->lines[i].name);
}

static void show_icmp(struct seq *seq, struct counter_table *types)
{
	const void *icmp = net_subject()->mib.icmp_statistics;
	/* From 5.19. */
	bool limits = type_size(struct icmp_mib) / sizeof(u64) > ICMP_OUT_RATE_LIMIT_HOST;

	counter_table_read(&icmpmibmap, types);
	seq_puts(seq, "\nIcmp: InMsgs InErrors InCsumErrors");
	show_icmp_type_names(seq, types, "In");
	seq_puts(seq, limits ? " OutMsgs OutErrors OutRateLimitGlobal OutRateLimitHost" : " OutMsgs OutErrors");
	show_icmp_type_names(seq, types, "Out");
	seq_printf(seq, "\nIcmp: %llu %llu %llu", counter_sum(icmp, ICMP_IN_MESSAGES),
		   counter_sum(icmp, ICMP_IN_ERRORS), counter_sum(icmp, ICMP_IN_CHECKSUM_ERRORS));
	show_icmp_types(seq, types, 0);
	seq_printf(seq, " %llu %llu", counter_sum(icmp, ICMP_OUT_MESSAGES), counter_sum(icmp, ICMP_OUT_ERRORS));
	if (limits)
		seq_printf(seq, " %llu %llu", counter_sum(icmp, ICMP_OUT_RATE_LIMIT_GLOBAL),
			   counter_sum(icmp, ICMP_OUT_RATE_LIMIT_HOST));
	show_icmp_types(seq, types, ICMP_TYPE_OUT);
}

static void show_icmp_line(struct seq *seq, const u32 *types, u32 count)
{
	if (count == 0)
		return;
	seq_puts(seq, "\nIcmpMsg:");
	for (u32 i = 0; i < count; i++)
		seq_printf(seq, " %sType%u", types[i] >= ICMP_TYPE_OUT ? "Out" : "In", types[i] % ICMP_TYPE_OUT);
	seq_puts(seq, "\nIcmpMsg:");
	for (u32 i = 0; i < count; i++)
		seq_printf(seq, " %llu", icmp_type_count(types[i]));
}

/* The types that occurred, some on a line. */
static void show_icmp_messages(struct seq *seq)
{
	u32 types[ICMP_TYPES_PER_LINE], count = 0;

	for (u32 type = 0; type < ICMP_TYPE_COUNT; type++) {
		if (icmp_type_count(type) != 0)
			types[count++] = type;
		if (count == ICMP_TYPES_PER_LINE) {
			show_icmp_line(seq, types, count);
			count = 0;
		}
	}
	show_icmp_line(seq, types, count);
}

static void show_tcp(struct seq *seq, struct counter_table *table)
{
	counter_table_read(&snmp4_tcp_list, table);
	seq_puts(seq, "\nTcp:");
	counters_show_names(seq, table);
	seq_puts(seq, "\nTcp:");
	for (u32 i = 0; i < table->count; i++) {
		u64 value = counter_sum(net_subject()->mib.tcp_statistics, table->lines[i].number);

		/* RFC 2012: MaxConn may be −1. */
		if (table->lines[i].number == TCP_MAXCONN)
			seq_printf(seq, " %lld", (s64)value);
		else
			seq_printf(seq, " %llu", value);
	}
}

static void show_block(struct seq *seq, const char *title, const struct counter_table *table, const void *counters)
{
	seq_puts(seq, title);
	counters_show_names(seq, table);
	seq_puts(seq, title);
	counters_show_values(seq, table, counters);
}

void snmp_show(struct seq *seq)
{
	struct counter_table table;

	show_ip(seq, &table);
	show_icmp(seq, &table);
	show_icmp_messages(seq);
	show_tcp(seq, &table);
	counter_table_read(&snmp4_udp_list, &table);
	show_block(seq, "\nUdp:", &table, net_subject()->mib.udp_statistics);
	if (field_exists(struct netns_mib, udplite_statistics))
		show_block(seq, "\nUdpLite:", &table, net_subject()->mib.udplite_statistics);
	seq_putc(seq, '\n');
}

void netstat_show(struct seq *seq)
{
	struct counter_table table;

	counter_table_read(&snmp4_net_list, &table);
	seq_puts(seq, "TcpExt:");
	counters_show_names(seq, &table);
	seq_puts(seq, "\nTcpExt:");
	counters_show_values(seq, &table, net_subject()->mib.net_statistics);
	counter_table_read(&snmp4_ipextstats_list, &table);
	show_block(seq, "\nIpExt:", &table, net_subject()->mib.ip_statistics);
	if (symbol_exists(mptcp_snmp_list)) {
		counter_table_read(&mptcp_snmp_list, &table);
		show_block(seq, "\nMPTcpExt:", &table, net_subject()->mib.mptcp_statistics);
	}
	seq_putc(seq, '\n');
}
