/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/sockstat and sockstat6 (net/ipv4/proc.c, net/ipv6/proc.c). */
#include "guest/proc/protocols.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"

extern unsigned int tcp_orphan_count; /* per-CPU */

/* sock_inuse_get() */
static int sockets_in_use(void)
{
	int sum = 0;
	u32 cpu;

	for_each_possible_cpu (cpu) {
		if (field_exists(struct prot_inuse, all))
			sum += per_cpu_ptr(net_subject()->core.prot_inuse, cpu)->all;
		else
			sum += *per_cpu_ptr(net_subject()->core.sock_inuse, cpu);
	}
	return sum;
}

/* tcp_orphan_count_sum() */
static int tcp_orphans(void)
{
	int sum = 0;
	u32 cpu;

	for_each_possible_cpu (cpu)
		sum += (int)*per_cpu_ptr(&tcp_orphan_count, cpu);
	return max(sum, 0);
}

static int tcp_time_waits(void)
{
	const struct inet_timewait_death_row *row = &net_subject()->ipv4.tcp_death_row;

	if (field_exists(struct inet_timewait_death_row, tw_refcount))
		return row->tw_refcount.refs.counter - 1;
	return row->tw_count.counter;
}

/* percpu_counter_sum_positive(), in which only CPUs that run (or go) count:
 * a CPU's share is moved to the sum when it goes. */
static int tcp_sockets(void)
{
	const struct percpu_counter *counter = tcp_prot.sockets_allocated;
	s64 sum = counter->count;
	u32 cpu;

	for_each_possible_cpu (cpu)
		sum += *per_cpu_ptr(counter->counters, cpu);
	return (int)max(sum, 0ll);
}

static void show_fragments(struct seq *seq, const char *title, const struct fqdir *fragments)
{
	seq_printf(seq, "%s: inuse %u memory %llu\n", title, (u32)fragments->rhashtable.nelems.counter,
		   (u64)fragments->mem.counter);
}

void sockstat_show(struct seq *seq)
{
	seq_printf(seq, "sockets: used %d\n", sockets_in_use());
	seq_printf(seq, "TCP: inuse %d orphan %d tw %d alloc %d mem %lld\n", protocol_sockets_in_use(&tcp_prot),
		   tcp_orphans(), tcp_time_waits(), tcp_sockets(), protocol_memory(&tcp_prot));
	seq_printf(seq, "UDP: inuse %d mem %lld\n", protocol_sockets_in_use(&udp_prot), protocol_memory(&udp_prot));
	if (symbol_exists(udplite_prot))
		seq_printf(seq, "UDPLITE: inuse %d\n", protocol_sockets_in_use(&udplite_prot));
	seq_printf(seq, "RAW: inuse %d\n", protocol_sockets_in_use(&raw_prot));
	show_fragments(seq, "FRAG", net_subject()->ipv4.fqdir);
}

void sockstat6_show(struct seq *seq)
{
	seq_printf(seq, "TCP6: inuse %d\n", protocol_sockets_in_use(&tcpv6_prot));
	seq_printf(seq, "UDP6: inuse %d\n", protocol_sockets_in_use(&udpv6_prot));
	if (symbol_exists(udplitev6_prot))
		seq_printf(seq, "UDPLITE6: inuse %d\n", protocol_sockets_in_use(&udplitev6_prot));
	seq_printf(seq, "RAW6: inuse %d\n", protocol_sockets_in_use(&rawv6_prot));
	show_fragments(seq, "FRAG6", net_subject()->ipv6.fqdir);
}
