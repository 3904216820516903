/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel/irq/irqdesc.c, arch/x86/kernel/irq.c, 5.10 to 7.2. */
#include "guest/proc/irqs.h"

#include "guest/proc/cpus.h"
#include "guest/proc/types/xarray.h"

enum {
	SLOT_BITS_MAX = 6, /* XA_CHUNK_SHIFT */
	ARRAY_DEPTH_MAX = 11, /* levels of six bits in 64 */
	ENTRY_INTERNAL_MAX = 4096,
	IRQ_PER_CPU = 1 << 9, /* include/linux/irq.h */
	IRQ_PER_CPU_DEVID = 1 << 17,
	IRQS_NMI = 0x2000, /* kernel/irq/internals.h */
};

extern u32 nr_irqs, total_nr_irqs;
extern unsigned long allocated_irqs[];
extern struct xarray irq_desc_tree;
extern struct maple_tree sparse_irqs; /* from 6.5 */
extern const char x86_platform_ipi_callback[];

u32 irq_count(void)
{
	u32 count = symbol_exists(total_nr_irqs) ? total_nr_irqs : nr_irqs;

	if (count > IRQ_NUMBER_MAX)
		guest_fail(STATUS_MALFORMED, "the kernel says that it has more interrupts than any has");
	return count;
}

static bool is_node(const void *entry)
{
	return ((u64)entry & 3) == 2 && (u64)entry > ENTRY_INTERNAL_MAX;
}

/* radix_tree_lookup() */
static const void *array_find(const struct xarray *array, u64 index)
{
	const void *entry = READ_ONCE(array->xa_head);
	u32 slots = (u32)(field_size(struct xa_node, slots) / sizeof(void *));

	for (u32 depth = 0; is_node(entry); depth++) {
		const struct xa_node *node = (const struct xa_node *)((u64)entry & ~3ull);
		u64 slot = index >> node->shift;

		if (depth == ARRAY_DEPTH_MAX)
			guest_fault_limit("levels of the tree of interrupts");
		if (depth == 0 && slot >= slots)
			return NULL;
		void *const *entries = (void *const *)node->slots;
		entry = READ_ONCE(entries[slot & (slots - 1)]);
	}
	return entry;
}

void irq_walk_start(struct irq_walk *walk)
{
	walk->next = 0;
	if (symbol_exists(sparse_irqs))
		maple_walk_start(&walk->tree, &sparse_irqs, 0);
}

static const struct irq_desc *next_in_array(struct irq_walk *walk, u32 *ret_number)
{
	u32 count = irq_count();

	while (walk->next < count) {
		u32 number = walk->next++;

		if ((allocated_irqs[number / 64] >> (number % 64) & 1) == 0)
			continue;
		*ret_number = number;
		return array_find(&irq_desc_tree, number);
	}
	return NULL;
}

const struct irq_desc *irq_walk_next(struct irq_walk *walk, u32 *ret_number)
{
	u64 index = 0;

	if (!symbol_exists(sparse_irqs))
		return next_in_array(walk, ret_number);
	const struct irq_desc *desc = maple_walk_next(&walk->tree, &index);
	if (desc == NULL || index >= irq_count())
		return NULL;
	*ret_number = (u32)index;
	return desc;
}

u32 irq_cpu_count(const struct irq_desc *desc, u32 cpu)
{
	u64 offset = type_exists(struct irqstat) ? field_offset(struct irqstat, cnt) : 0;

	if (desc->kstat_irqs == NULL)
		return 0;
	return *(const u32 *)((const char *)per_cpu_ptr(desc->kstat_irqs, cpu) + offset);
}

u32 irq_total_count(const struct irq_desc *desc)
{
	bool per_cpu = (desc->status_use_accessors & (IRQ_PER_CPU | IRQ_PER_CPU_DEVID)) != 0 ||
		       (desc->core_internal_state__do_not_mess_with_it & IRQS_NMI) != 0;
	u32 cpu, sum = 0;

	if (desc->kstat_irqs == NULL)
		return 0;
	if (!per_cpu)
		return (u32)desc->tot_count;
	for_each_possible_cpu (cpu)
		sum += irq_cpu_count(desc, cpu);
	return sum;
}

/* From 6.7 or so the hypervisor's interrupts are in the sum: kernels before
 * differ from this under Xen and Hyper-V, where they count any. */
static u64 hypervisor_count(const irq_cpustat_t *counts)
{
	u64 sum = 0;

	if (field_exists(irq_cpustat_t, irq_hv_callback_count))
		sum += counts->irq_hv_callback_count;
	if (field_exists(irq_cpustat_t, irq_hv_reenlightenment_count))
		sum += counts->irq_hv_reenlightenment_count;
	if (field_exists(irq_cpustat_t, hyperv_stimer0_count))
		sum += counts->hyperv_stimer0_count;
	return sum;
}

static u64 array_count(const irq_cpustat_t *counts)
{
	const unsigned int *values = counts->counts;
	u64 sum = 0, count = field_size(irq_cpustat_t, counts) / sizeof *values;

	for (u64 i = 0; i < count; i++)
		sum += values[i];
	return sum;
}

u64 irq_arch_count(u32 cpu)
{
	const irq_cpustat_t *counts = per_cpu_ptr(&irq_stat, cpu);

	if (field_exists(irq_cpustat_t, counts))
		return array_count(counts);
	u64 sum = counts->__nmi_count + (u64)counts->apic_timer_irqs + counts->irq_spurious_count +
		  counts->apic_perf_irqs + counts->apic_irq_work_irqs + counts->icr_read_retry_count;
	if (*(void *const *)x86_platform_ipi_callback != NULL)
		sum += counts->x86_platform_ipis;
	if (field_exists(irq_cpustat_t, irq_resched_count))
		sum += counts->irq_resched_count + (u64)counts->irq_call_count;
	if (field_exists(irq_cpustat_t, irq_thermal_count))
		sum += counts->irq_thermal_count;
	if (field_exists(irq_cpustat_t, irq_threshold_count))
		sum += counts->irq_threshold_count;
	if (symbol_exists(mce_exception_count))
		sum += *per_cpu_ptr(&mce_exception_count, cpu) + (u64)*per_cpu_ptr(&mce_poll_count, cpu);
	return sum + hypervisor_count(counts);
}
