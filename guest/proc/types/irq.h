/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts (include/linux/irqdesc.h, irq.h, interrupt.h, kernel_stat.h,
 * arch/x86/include/asm/hardirq.h). */
#ifndef GUEST_PROC_TYPES_IRQ_H
#define GUEST_PROC_TYPES_IRQ_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

struct irq_domain;

struct irq_chip {
	const char *name;
	const void *irq_print_chip;
};

struct irq_common_data {
	unsigned int state_use_accessors;
};

struct irq_data {
	unsigned long hwirq;
	struct irq_common_data *common;
	const struct irq_chip *chip;
	struct irq_domain *domain;
};

struct irqaction {
	const char *name;
	struct irqaction *next;
};

/* From 6.10. Per CPU. */
struct irqstat {
	unsigned int cnt;
};

struct irq_desc {
	struct irq_data irq_data;
	void *kstat_irqs; /* per CPU: a number before 6.10, then a struct irqstat */
	struct irqaction *action;
	unsigned int status_use_accessors, core_internal_state__do_not_mess_with_it;
	u64 tot_count : 64;
	const char *name;
};

/* Per CPU. */
struct kernel_stat {
	unsigned long irqs_sum;
	unsigned int softirqs[10];
};

/* Per CPU; newest kernels have an array instead. */
typedef struct {
	unsigned int __nmi_count, apic_timer_irqs, irq_spurious_count, icr_read_retry_count;
	unsigned int kvm_posted_intr_ipis, kvm_posted_intr_wakeup_ipis, kvm_posted_intr_nested_ipis;
	unsigned int x86_platform_ipis, apic_perf_irqs, apic_irq_work_irqs, irq_resched_count, irq_call_count,
		irq_tlb_count;
	unsigned int irq_thermal_count, irq_threshold_count, irq_deferred_error_count;
	unsigned int irq_hv_callback_count, irq_hv_reenlightenment_count, hyperv_stimer0_count,
		posted_msi_notification_count;
	unsigned int counts[1];
} irq_cpustat_t;

/* What the array's lines are called; newest kernels. */
struct irq_stat_info {
	const char *symbol, *text;
};

/* Newest kernels: the widths of /proc/interrupts. */
struct irq_proc_constraints {
	unsigned int num_prec, chip_width;
};

#include "guest/kernel/guestc-types-end.h"

/* Per CPU. */
extern struct kernel_stat kstat;
extern irq_cpustat_t irq_stat;
extern unsigned int mce_exception_count, mce_poll_count;

#endif
