/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/rt6_stats (net/ipv6/route.c), rt_acct and rt_cache (net/ipv4/route.c), 5.10 to 7.2. */
#include "guest/proc/cache-stats.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"

enum {
	REALM_COUNT = 256,
	WORDS_PER_REALM = 4, /* struct ip_rt_acct: bytes and packets, out and in */
	ROUTE_LINE_WIDTH = 127,
};

extern const u32 *ip_rt_acct; /* per-CPU: REALM_COUNT of them */

void rt6_stats_show(struct seq *seq)
{
	const struct netns_ipv6 *ipv6 = &net_subject()->ipv6;
	const struct rt6_statistics *counted = ipv6->rt6_stats;

	seq_printf(seq, "%04x %04x %04x %04x %04x %04x %04x\n", counted->fib_nodes, counted->fib_route_nodes,
		   (u32)counted->fib_rt_alloc.counter, counted->fib_rt_entries, counted->fib_rt_cache,
		   (u32)cached_routes(&ipv6->ip6_dst_ops), counted->fib_discarded_routes);
}

/* Of routing realms, as words: a program's table, not a text. */
void rt_acct_show(struct seq *seq)
{
	u32 sums[WORDS_PER_REALM * REALM_COUNT] = {}, words[WORDS_PER_REALM * REALM_COUNT], cpu;

	for_each_possible_cpu (cpu) {
		guest_copy(words, per_cpu_ptr(ip_rt_acct, cpu), sizeof words);
		for (u32 i = 0; i < ARRAY_SIZE(words); i++)
			sums[i] += words[i];
	}
	seq_write(seq, sums, sizeof sums);
}

/* Nothing but its header: routes aren't cached any more since 3.6. */
void rt_cache_show(struct seq *seq)
{
	seq_printf(
		seq, "%-*s\n", ROUTE_LINE_WIDTH,
		"Iface\tDestination\tGateway \tFlags\t\tRefCnt\tUse\tMetric\tSource\t\tMTU\tWindow\tIRTT\tTOS\tHHRef\t"
		"HHUptod\tSpecDst");
}
