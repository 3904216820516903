/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/stat: fs/proc/stat.c, 5.10 to 7.2. */
#include "guest/proc/cpus.h"
#include "guest/proc/irqs.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"

enum {
	NS_PER_SECOND = 1000000000,
	NS_PER_CLOCK = NS_PER_SECOND / 100, /* USER_HZ */
	SOFTIRQ_COUNT_MAX = 32,
};

extern unsigned long total_forks;
extern int irq_err_count;

static void add(struct cpu_time *sum, const struct cpu_time *time)
{
	sum->user += time->user;
	sum->nice += time->nice;
	sum->system += time->system;
	sum->idle += time->idle;
	sum->iowait += time->iowait;
	sum->irq += time->irq;
	sum->softirq += time->softirq;
	sum->steal += time->steal;
	sum->guest += time->guest;
	sum->guest_nice += time->guest_nice;
}

static void show_time(struct seq *seq, const struct cpu_time *time)
{
	seq_printf(seq, " %llu %llu %llu %llu %llu", time->user / NS_PER_CLOCK, time->nice / NS_PER_CLOCK,
		   time->system / NS_PER_CLOCK, time->idle / NS_PER_CLOCK, time->iowait / NS_PER_CLOCK);
	seq_printf(seq, " %llu %llu %llu %llu %llu\n", time->irq / NS_PER_CLOCK, time->softirq / NS_PER_CLOCK,
		   time->steal / NS_PER_CLOCK, time->guest / NS_PER_CLOCK, time->guest_nice / NS_PER_CLOCK);
}

static void show_times(struct seq *seq)
{
	struct cpu_time sum = {0}, time;
	u32 cpu;

	for_each_possible_cpu (cpu) {
		cpu_time_read(cpu, &time);
		add(&sum, &time);
	}
	seq_puts(seq, "cpu ");
	show_time(seq, &sum);
	for_each_online_cpu(cpu)
	{
		cpu_time_read(cpu, &time);
		seq_printf(seq, "cpu%u", cpu);
		show_time(seq, &time);
	}
}

static void show_gap(struct seq *seq, u32 from, u32 to)
{
	for (; from < to; from++)
		seq_write(seq, " 0", 2);
}

static void show_interrupts(struct seq *seq)
{
	const struct irq_desc *desc;
	struct irq_walk walk;
	u32 cpu, number, next = 0;
	u64 sum = 0;

	for_each_possible_cpu (cpu)
		sum += per_cpu_ptr(&kstat, cpu)->irqs_sum + irq_arch_count(cpu);
	/* Newest kernels have the errors among the CPU's own. */
	if (!field_exists(irq_cpustat_t, counts))
		sum += (u64)(s64)irq_err_count;
	seq_printf(seq, "intr %llu", sum);
	irq_walk_start(&walk);
	while ((desc = irq_walk_next(&walk, &number)) != NULL) {
		show_gap(seq, next, number);
		seq_printf(seq, " %u", irq_total_count(desc));
		next = number + 1;
	}
	show_gap(seq, next, irq_count());
}

/* getboottime64() */
static u64 boot_second(void)
{
	const struct timekeeper *timekeeper = timekeeper_core();

	return (u64)(timekeeper->offs_real - timekeeper->offs_boot) / NS_PER_SECOND;
}

static void show_softirqs(struct seq *seq)
{
	u64 count = min(field_size(struct kernel_stat, softirqs) / sizeof(unsigned int), (u64)SOFTIRQ_COUNT_MAX);
	u32 cpu, sums[SOFTIRQ_COUNT_MAX] = {0};
	u64 sum = 0;

	for_each_possible_cpu (cpu) {
		const unsigned int *counts = per_cpu_ptr(&kstat, cpu)->softirqs;

		for (u64 i = 0; i < count; i++) {
			sums[i] += counts[i];
			sum += counts[i];
		}
	}
	seq_printf(seq, "softirq %llu", sum);
	for (u64 i = 0; i < count; i++)
		seq_printf(seq, " %u", sums[i]);
	seq_putc(seq, '\n');
}

void cpu_stat_show(struct seq *seq)
{
	show_times(seq);
	show_interrupts(seq);
	seq_printf(seq, "\nctxt %llu\nbtime %llu\nprocesses %llu\n", cpus_context_switches(), boot_second(),
		   (u64)total_forks);
	seq_printf(seq, "procs_running %u\nprocs_blocked %u\n", cpus_running_tasks(), cpus_waiting_tasks());
	show_softirqs(seq);
}
