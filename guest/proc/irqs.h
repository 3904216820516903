/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts (include/linux/irqdesc.h, kernel/irq/irqdesc.c). Guest C. */
#ifndef GUEST_PROC_IRQS_H
#define GUEST_PROC_IRQS_H

#include "guest/proc/maple.h"
#include "guest/proc/types/irq.h"

enum {
	/* MAX_SPARSE_IRQS of a 64-bit kernel is larger; but each has vectors
	 * on some CPU, and 8192 CPUs have fewer than this. */
	IRQ_NUMBER_MAX = 1 << 21,
};

/* A walk over the interrupts that have a descriptor, by number. */
struct irq_walk {
	u32 next; /* of a kernel that keeps them in a radix tree, */
	struct maple_walk tree; /* in a maple tree */
};

GUEST_C void irq_walk_start(struct irq_walk *walk);
/* NULL: none is left. */
GUEST_C const struct irq_desc *irq_walk_next(struct irq_walk *walk, u32 *ret_number);

/* How many numbers there can be: nr_irqs. */
GUEST_C u32 irq_count(void);

/* How often it came: on one CPU, on all (kstat_irqs()). */
GUEST_C u32 irq_cpu_count(const struct irq_desc *desc, u32 cpu);
GUEST_C u32 irq_total_count(const struct irq_desc *desc);

/* arch_irq_stat_cpu(): interrupts of CPU `cpu` that aren't devices'. */
GUEST_C u64 irq_arch_count(u32 cpu);

#endif
