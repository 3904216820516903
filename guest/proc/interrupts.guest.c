/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/interrupts and /proc/softirqs: kernel/irq/proc.c,
 * arch/x86/kernel/irq.c, fs/proc/softirqs.c, 5.10 to 7.2. */
#include "guest/proc/cpus.h"
#include "guest/proc/fault.h"
#include "guest/proc/irqs.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"

enum {
	NAME_SIZE = 128,
	ACTION_COUNT_MAX = 1 << 10, /* drivers that share a line */
	LINE_COUNT_MAX = 64, /* kinds of the CPU's own interrupts */
	IRQ_HIDDEN = 1 << 20, /* include/linux/irq.h */
	IRQ_PER_CPU_ANY = 1 << 9 | 1 << 17,
	IRQD_LEVEL = 1 << 13,
	/* arch/x86/include/asm/irq_vectors.h */
	VECTOR_HYPERVISOR_CALLBACK = 0xf3,
	VECTOR_HYPERV_REENLIGHTENMENT = 0xee,
	VECTOR_HYPERV_STIMER0 = 0xed,
};

extern const struct irqaction chained_action; /* one symbol of the kernel's */
extern struct irq_proc_constraints irq_proc_constraints;
extern unsigned long system_vectors[], irq_stat_count_show[];
extern const struct irq_stat_info irq_stat_info[];
extern const char x86_platform_ipi_callback[];
extern int irq_err_count, irq_mis_count;
extern const char *const softirq_to_name[];

/* Newest kernels write a narrower line, and say themselves how wide. */
struct page {
	struct seq *seq;
	u32 digits, chip_width;
	bool is_narrow;
};

static void text_copy(char name[NAME_SIZE], const char *source)
{
	if (guest_string_copy(name, NAME_SIZE, source) == NAME_SIZE)
		guest_fail(STATUS_MALFORMED, "the name of an interrupt has no end");
}

static void page_start(struct page *page, struct seq *seq)
{
	page->seq = seq;
	page->is_narrow = symbol_exists(irq_proc_constraints);
	page->chip_width = 8;
	if (page->is_narrow) {
		page->digits = min(irq_proc_constraints.num_prec, (u32)NAME_SIZE);
		page->chip_width = min(irq_proc_constraints.chip_width, (u32)NAME_SIZE);
		return;
	}
	page->digits = 3;
	for (u64 limit = 1000; page->digits < 10 && limit <= irq_count(); limit *= 10)
		page->digits++;
}

static void show_count(const struct page *page, u32 count)
{
	seq_printf(page->seq, page->is_narrow ? " %10u" : "%10u ", count);
}

static void show_chip(const struct page *page, const struct irq_desc *desc)
{
	const struct irq_chip *chip = desc->irq_data.chip;
	char name[NAME_SIZE] = "-";

	if (chip == NULL)
		memcpy(name, "None", sizeof "None");
	else if (chip->irq_print_chip != NULL)
		guest_fail(STATUS_UNSUPPORTED, "an interrupt's chip prints its own name");
	else if (chip->name != NULL)
		text_copy(name, chip->name);
	if (page->is_narrow)
		seq_printf(page->seq, "  %-*s ", (int)page->chip_width, name);
	else
		seq_printf(page->seq, " %8s ", name);
}

static void show_actions(const struct page *page, const struct irq_desc *desc)
{
	struct guest_bound bound = GUEST_BOUND(ACTION_COUNT_MAX, "drivers of an interrupt");
	const char *between = "  ";
	char name[NAME_SIZE];

	for (const struct irqaction *action = desc->action; action != NULL; action = action->next) {
		guest_bound(&bound);
		text_copy(name, action->name);
		seq_puts(page->seq, between);
		seq_puts(page->seq, name);
		between = ", ";
	}
}

struct line {
	const struct page *page;
	const struct irq_desc *desc;
	u32 number;
};

static void show_counts(const struct line *line)
{
	const struct irq_desc *desc = line->desc;
	bool counted =
		!line->page->is_narrow || (desc->status_use_accessors & IRQ_PER_CPU_ANY) != 0 || desc->tot_count != 0;
	u32 cpu;

	for_each_online_cpu(cpu) show_count(line->page, counted ? irq_cpu_count(desc, cpu) : 0);
}

static void show_line(void *argument)
{
	const struct line *line = argument;
	const struct page *page = line->page;
	const struct irq_desc *desc = line->desc;
	char name[NAME_SIZE];

	seq_printf(page->seq, page->is_narrow ? "%*u:" : "%*u: ", (int)page->digits, line->number);
	show_counts(line);
	show_chip(page, desc);
	if (desc->irq_data.domain == NULL)
		seq_printf(page->seq, "%*s", (int)page->digits + (page->is_narrow ? 1 : 0), "");
	else if (type_exists(struct irqstat))
		seq_printf(page->seq, "%*llu", (int)page->digits, (u64)desc->irq_data.hwirq);
	else
		seq_printf(page->seq, "%*d", (int)page->digits, (int)desc->irq_data.hwirq);
	/* Not on x86: GENERIC_IRQ_SHOW_LEVEL. */
	if (desc->name != NULL) {
		text_copy(name, desc->name);
		seq_printf(page->seq, "-%-8s", name);
	}
	show_actions(page, desc);
	seq_putc(page->seq, '\n');
}

/* Kernels before 6.10 show what has no driver any more, if it ever came. */
static bool is_shown(const struct irq_desc *desc)
{
	bool driven = desc->action != NULL && desc->action != &chained_action;
	u32 cpu;

	if ((desc->status_use_accessors & IRQ_HIDDEN) != 0)
		return false;
	if (driven)
		return desc->kstat_irqs != NULL || !type_exists(struct irqstat);
	if (type_exists(struct irqstat))
		return false;
	for_each_online_cpu(cpu) if (irq_cpu_count(desc, cpu) != 0) return true;
	return false;
}

static void show_devices(const struct page *page)
{
	struct irq_walk walk;
	struct line line = {.page = page};

	irq_walk_start(&walk);
	while ((line.desc = irq_walk_next(&walk, &line.number)) != NULL) {
		u64 size = seq_size(page->seq);

		if (!is_shown(line.desc))
			continue;
		if (guest_try(show_line, &line) != STATUS_OK) {
			seq_rewind(page->seq, size);
			proc_fault(page->seq, "an interrupt is missing", (u64)line.desc);
		}
	}
}

/* The array of newest kernels. */
static void show_table(const struct page *page)
{
	u64 count = field_size(irq_cpustat_t, counts) / sizeof(unsigned int);
	char symbol[NAME_SIZE], text[NAME_SIZE];

	for (u64 i = 0; i < count && i < LINE_COUNT_MAX; i++) {
		const struct irq_stat_info *info =
			(const void *)((const char *)irq_stat_info + i * type_size(struct irq_stat_info));
		u32 cpu;

		if ((irq_stat_count_show[i / 64] >> (i % 64) & 1) == 0)
			continue;
		text_copy(symbol, info->symbol);
		text_copy(text, info->text);
		seq_printf(page->seq, "%*s:", (int)page->digits, symbol);
		for_each_online_cpu(cpu)
		{
			const unsigned int *counts = per_cpu_ptr(&irq_stat, cpu)->counts;

			show_count(page, counts[i]);
		}
		seq_puts(page->seq, text);
	}
}

/* One line of the older kernels' list; `counter` is that of CPU 0's offset. */
static void show_kind(const struct page *page, const char *symbol, const unsigned int *counter, const char *text)
{
	u32 cpu;

	seq_printf(page->seq, "%*s: ", (int)page->digits, symbol);
	for_each_online_cpu(cpu) show_count(page, *per_cpu_ptr(counter, cpu));
	seq_printf(page->seq, "  %s\n", text);
}

/* Whether this is there depends on the kernel's configuration. */
#define show_kind_if(page, symbol, field, text)                         \
	do {                                                            \
		if (field_exists(irq_cpustat_t, field))                 \
			show_kind(page, symbol, &irq_stat.field, text); \
	} while (0)

static bool has_vector(u32 vector)
{
	return (system_vectors[vector / 64] >> (vector % 64) & 1) != 0;
}

static void show_hypervisor(const struct page *page)
{
	if (has_vector(VECTOR_HYPERVISOR_CALLBACK))
		show_kind_if(page, "HYP", irq_hv_callback_count, "Hypervisor callback interrupts");
	if (has_vector(VECTOR_HYPERV_REENLIGHTENMENT))
		show_kind_if(page, "HRE", irq_hv_reenlightenment_count, "Hyper-V reenlightenment interrupts");
	if (has_vector(VECTOR_HYPERV_STIMER0))
		show_kind_if(page, "HVS", hyperv_stimer0_count, "Hyper-V stimer0 interrupts");
}

static void show_local(const struct page *page)
{
	show_kind(page, "NMI", &irq_stat.__nmi_count, "Non-maskable interrupts");
	show_kind_if(page, "LOC", apic_timer_irqs, "Local timer interrupts");
	show_kind_if(page, "SPU", irq_spurious_count, "Spurious interrupts");
	show_kind_if(page, "PMI", apic_perf_irqs, "Performance monitoring interrupts");
	show_kind_if(page, "IWI", apic_irq_work_irqs, "IRQ work interrupts");
	show_kind_if(page, "RTR", icr_read_retry_count, "APIC ICR read retries");
	if (*(void *const *)x86_platform_ipi_callback != NULL)
		show_kind_if(page, "PLT", x86_platform_ipis, "Platform interrupts");
	show_kind_if(page, "RES", irq_resched_count, "Rescheduling interrupts");
	show_kind_if(page, "CAL", irq_call_count, "Function call interrupts");
	show_kind_if(page, "TLB", irq_tlb_count, "TLB shootdowns");
	show_kind_if(page, "TRM", irq_thermal_count, "Thermal event interrupts");
	show_kind_if(page, "THR", irq_threshold_count, "Threshold APIC interrupts");
	show_kind_if(page, "DFR", irq_deferred_error_count, "Deferred Error APIC interrupts");
	if (symbol_exists(mce_exception_count)) {
		show_kind(page, "MCE", &mce_exception_count, "Machine check exceptions");
		show_kind(page, "MCP", &mce_poll_count, "Machine check polls");
	}
	show_hypervisor(page);
	seq_printf(page->seq, "%*s: %10u\n", (int)page->digits, "ERR", (u32)irq_err_count);
	if (symbol_exists(irq_mis_count))
		seq_printf(page->seq, "%*s: %10u\n", (int)page->digits, "MIS", (u32)irq_mis_count);
	show_kind_if(page, "PIN", kvm_posted_intr_ipis, "Posted-interrupt notification event");
	show_kind_if(page, "NPI", kvm_posted_intr_nested_ipis, "Nested posted-interrupt event");
	show_kind_if(page, "PIW", kvm_posted_intr_wakeup_ipis, "Posted-interrupt wakeup event");
	show_kind_if(page, "PMN", posted_msi_notification_count, "Posted MSI notification event");
}

void interrupts_show(struct seq *seq)
{
	struct page page;
	u32 cpu;

	page_start(&page, seq);
	seq_printf(seq, "%*s", (int)page.digits + 8, "");
	for_each_online_cpu(cpu) seq_printf(seq, "CPU%-8u", cpu);
	seq_putc(seq, '\n');
	show_devices(&page);
	if (field_exists(irq_cpustat_t, counts))
		show_table(&page);
	else
		show_local(&page);
}

void softirqs_show(struct seq *seq)
{
	u64 count = field_size(struct kernel_stat, softirqs) / sizeof(unsigned int);
	char name[NAME_SIZE];
	u32 cpu;

	seq_puts(seq, "                    ");
	for_each_possible_cpu (cpu)
		seq_printf(seq, "CPU%-8u", cpu);
	seq_putc(seq, '\n');
	for (u64 i = 0; i < count && i < LINE_COUNT_MAX; i++) {
		text_copy(name, softirq_to_name[i]);
		seq_printf(seq, "%12s:", name);
		for_each_possible_cpu (cpu) {
			const unsigned int *counts = per_cpu_ptr(&kstat, cpu)->softirqs;

			seq_printf(seq, " %10u", counts[i]);
		}
		seq_putc(seq, '\n');
	}
}
