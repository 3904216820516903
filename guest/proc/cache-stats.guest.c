/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What caches count: /proc/net/stat/ (rt_cpu_seq_show(), net/ipv4/route.c; neigh_stat_seq_show(),
 * net/core/neighbour.c), 5.10 to 7.2. */
#include "guest/proc/cache-stats.h"

#include "guest/proc/mention.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/types/neigh.h"

#include "guest/kernel/guestc-types-begin.h"

struct rt_cache_stat {
	unsigned int in_slow_tot, in_slow_mc, in_no_route, in_brd, in_martian_dst, in_martian_src, out_slow_tot,
		out_slow_mc;
};

#include "guest/kernel/guestc-types-end.h"

extern struct rt_cache_stat rt_cache_stat; /* per-CPU */
extern struct dst_ops ipv4_dst_ops;
/* The kernel's functions, in which their headers can be looked up. */
extern char rt_cpu_seq_show[], neigh_stat_seq_show[];

int cached_routes(const struct dst_ops *operations)
{
	const struct percpu_counter *counter = &operations->pcpuc_entries;
	s64 sum = counter->count;
	u32 cpu;

	for_each_possible_cpu (cpu)
		sum += *per_cpu_ptr(counter->counters, cpu);
	return (int)max(sum, 0ll);
}

/* Columns are as wide as their headers from 6.0 on. */
static void show_routes(struct seq *seq, const struct rt_cache_stat *counted, bool aligned)
{
	seq_printf(seq,
		   aligned ? "%08x %08x %08x    %08x   %08x    %08x %08x       %08x       "
			   : "%08x  %08x %08x %08x %08x %08x %08x %08x  ",
		   (u32)cached_routes(&ipv4_dst_ops), 0, counted->in_slow_tot, counted->in_slow_mc,
		   counted->in_no_route, counted->in_brd, counted->in_martian_dst, counted->in_martian_src);
	seq_printf(seq,
		   aligned ? "%08x %08x     %08x    %08x %08x   %08x     %08x        %08x        %08x\n"
			   : "%08x %08x %08x %08x %08x %08x %08x %08x %08x \n",
		   0, counted->out_slow_tot, counted->out_slow_mc, 0, 0, 0, 0, 0, 0);
}

void rt_cache_stat_show(struct seq *seq)
{
	bool aligned = code_mentions(rt_cpu_seq_show, "entries  in_hit   in_slow_tot");
	u32 cpu;

	seq_puts(seq, aligned ? "entries  in_hit   in_slow_tot in_slow_mc in_no_route in_brd   in_martian_dst "
				"in_martian_src out_hit  out_slow_tot out_slow_mc gc_total gc_ignored gc_goal_miss "
				"gc_dst_overflow in_hlist_search out_hlist_search\n"
			      : "entries  in_hit in_slow_tot in_slow_mc in_no_route in_brd in_martian_dst "
				"in_martian_src  out_hit out_slow_tot out_slow_mc  gc_total gc_ignored gc_goal_miss "
				"gc_dst_overflow in_hlist_search out_hlist_search\n");
	for_each_possible_cpu (cpu)
		show_routes(seq, per_cpu_ptr(&rt_cache_stat, cpu), aligned);
}

static void show_neighbours(struct seq *seq, const struct neigh_table *table, u32 cpu, bool aligned)
{
	const struct neigh_statistics *counted = per_cpu_ptr(table->stats, cpu);

	seq_printf(seq,
		   aligned ? "%08x %08lx %08lx %08lx   %08lx %08lx %08lx   "
			   : "%08x  %08lx %08lx %08lx  %08lx %08lx  %08lx  ",
		   (u32)table->entries.counter, counted->allocs, counted->destroys, counted->hash_grows,
		   counted->lookups, counted->hits, counted->res_failed);
	seq_printf(seq,
		   aligned ? "%08lx         %08lx         %08lx         %08lx       %08lx            %08lx\n"
			   : "%08lx %08lx  %08lx %08lx %08lx %08lx\n",
		   counted->rcv_probes_mcast, counted->rcv_probes_ucast, counted->periodic_gc_runs,
		   counted->forced_gc_runs, counted->unres_discards, counted->table_fulls);
}

static void show_table(struct seq *seq, const struct neigh_table *table)
{
	bool aligned = code_mentions(neigh_stat_seq_show, "entries  allocs   destroys");
	u32 cpu;

	seq_puts(seq, aligned ? "entries  allocs   destroys hash_grows lookups  hits     res_failed rcv_probes_mcast "
				"rcv_probes_ucast periodic_gc_runs forced_gc_runs unresolved_discards table_fulls\n"
			      : "entries  allocs destroys hash_grows  lookups hits  res_failed  rcv_probes_mcast "
				"rcv_probes_ucast  periodic_gc_runs forced_gc_runs unresolved_discards table_fulls\n");
	for_each_possible_cpu (cpu)
		show_neighbours(seq, table, cpu, aligned);
}

void arp_cache_show(struct seq *seq)
{
	show_table(seq, &arp_tbl);
}

void ndisc_cache_show(struct seq *seq)
{
	show_table(seq, &nd_tbl);
}
