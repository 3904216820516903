/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/xfrm_stat (net/xfrm/xfrm_proc.c) and sctp/snmp (net/sctp/proc.c), 5.10 to 7.2. */
#include "guest/proc/counters.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/net.h"

extern const struct snmp_mib xfrm_mib_list;

static void show_lines(struct seq *seq, const struct counter_table *table, const void *counters, int width)
{
	for (u32 i = 0; i < table->count; i++)
		seq_printf(seq, "%-*s\t%llu\n", width, table->lines[i].name,
			   counter_sum(counters, table->lines[i].number));
}

/* From 6.8 a kernel first asks devices that carry IPsec themselves for what they counted: that
 * isn't in memory. */
void xfrm_stat_show(struct seq *seq)
{
	struct counter_table table;

	counter_table_read(&xfrm_mib_list, &table);
	show_lines(seq, &table, net_subject()->mib.xfrm_statistics, 24);
}

void sctp_snmp_show(struct seq *seq)
{
	struct counter_table table;

	if (!counter_table_read_module("sctp_snmp_list", &table))
		guest_fail(STATUS_UNSUPPORTED, "the names of SCTP's counters aren't among its module's symbols");
	show_lines(seq, &table, net_subject()->sctp.sctp_statistics, 32);
}
