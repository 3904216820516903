/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/schedstat (kernel/sched/stats.c, 5.10 to 7.2). */
#include "guest/proc/cpus.h"
#include "guest/proc/format.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/ticks.h"
#include "guest/proc/types/task.h"
#include "guest/proc/types/time.h"

#include "guest/kernel/guestc-types-begin.h"

enum cpu_idle_type {
	__CPU_NOT_IDLE, /* from 6.10, with an order of its own */
	CPU_MAX_IDLE_TYPES,
};

struct sched_domain {
	struct sched_domain *parent;
	unsigned int lb_count[3], lb_balanced[3], lb_failed[3], lb_imbalance[3], lb_gained[3], lb_hot_gained[3],
		lb_nobusyq[3], lb_nobusyg[3];
	/* Instead of lb_imbalance, from 6.15 on. */
	unsigned int lb_imbalance_load[3], lb_imbalance_util[3], lb_imbalance_task[3], lb_imbalance_misfit[3];
	unsigned int alb_count, alb_failed, alb_pushed, sbe_count, sbe_balanced, sbe_pushed, sbf_count, sbf_balanced,
		sbf_pushed, ttwu_wake_remote, ttwu_move_affine, ttwu_move_balance;
	char *name;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	/* Each level holds more CPUs than the one below: 2^13 CPUs have fewer. */
	DOMAIN_COUNT_MAX = 64,
	IDLE_TYPE_COUNT = 3,
	NAME_SIZE = 32,
	WORD_BITS = 64,
};

static bool has_four_imbalances(void)
{
	return field_exists(struct sched_domain, lb_imbalance_load);
}

static void show_span(struct seq *seq, const struct sched_domain *domain)
{
	uint64_t words[GUEST_CPU_COUNT_MAX / WORD_BITS];
	u32 count = min(nr_cpu_ids, (u32)GUEST_CPU_COUNT_MAX);

	/* sched_domain_span(): an array of no size at its end. */
	guest_copy(words, (const char *)domain + type_size(struct sched_domain),
		   (u64)(count + WORD_BITS - 1) / WORD_BITS * sizeof *words);
	seq_bitmap(seq, words, count);
}

static void show_balance(struct seq *seq, const struct sched_domain *domain, u32 i)
{
	seq_printf(seq, " %u %u %u", domain->lb_count[i], domain->lb_balanced[i], domain->lb_failed[i]);
	if (has_four_imbalances())
		seq_printf(seq, " %u %u %u %u", domain->lb_imbalance_load[i], domain->lb_imbalance_util[i],
			   domain->lb_imbalance_task[i], domain->lb_imbalance_misfit[i]);
	else
		seq_printf(seq, " %u", domain->lb_imbalance[i]);
	seq_printf(seq, " %u %u %u %u", domain->lb_gained[i], domain->lb_hot_gained[i], domain->lb_nobusyq[i],
		   domain->lb_nobusyg[i]);
}

static void show_domain(struct seq *seq, const struct sched_domain *domain, u32 level)
{
	char name[NAME_SIZE];

	seq_printf(seq, "domain%u ", level);
	/* They came together. */
	if (has_four_imbalances()) {
		guest_string_copy(name, sizeof name, domain->name);
		seq_printf(seq, "%s ", name);
	}
	show_span(seq, domain);
	for (u32 i = 0; i < IDLE_TYPE_COUNT; i++)
		show_balance(seq, domain, i);
	seq_printf(seq, " %u %u %u %u %u %u", domain->alb_count, domain->alb_failed, domain->alb_pushed,
		   domain->sbe_count, domain->sbe_balanced, domain->sbe_pushed);
	seq_printf(seq, " %u %u %u %u %u %u\n", domain->sbf_count, domain->sbf_balanced, domain->sbf_pushed,
		   domain->ttwu_wake_remote, domain->ttwu_move_affine, domain->ttwu_move_balance);
}

static void show_cpu(struct seq *seq, u32 cpu)
{
	const struct rq *queue = per_cpu_ptr(&runqueues, cpu);
	const struct sched_domain *domain = READ_ONCE(queue->sd);

	seq_printf(seq, "cpu%u %u 0 %u %u %u %u %llu %llu %lu\n", cpu, queue->yld_count, queue->sched_count,
		   queue->sched_goidle, queue->ttwu_count, queue->ttwu_local, queue->rq_cpu_time,
		   queue->rq_sched_info.run_delay, queue->rq_sched_info.pcount);
	for (u32 level = 0; domain != NULL; domain = READ_ONCE(domain->parent)) {
		if (level == DOMAIN_COUNT_MAX)
			guest_fail(STATUS_MALFORMED, "a CPU is in more scheduling domains than any could be");
		show_domain(seq, domain, level++);
	}
}

void schedstat_show(struct seq *seq)
{
	struct ticks ticks;
	u32 cpu, version = 15;

	if (has_four_imbalances())
		version = 17;
	else if (enum_value_exists(enum cpu_idle_type, __CPU_NOT_IDLE))
		version = 16;
	ticks_read(&ticks);
	seq_printf(seq, "version %u\ntimestamp %llu\n", version, ticks.now);
	for_each_online_cpu(cpu) show_cpu(seq, cpu);
}
