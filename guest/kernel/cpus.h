/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Are the target's CPUs where its kernel says that they are?
 *
 * Registers can't be forged by what the target has in memory; which tables and symbols they are compared with can. So
 * this finds who redirected CPUs and left memory as it was (LSTAR, the IDT, a CPU's page tables), not who altered both.
 */
#ifndef GUEST_KERNEL_CPUS_H
#define GUEST_KERNEL_CPUS_H

#include "base/status.h"
#include "guest/kernel/kernel.h"
#include "guest/memory/root.h"

/* Compare what each of the first 64 CPUs says of itself with `kernel`, whose symbols are known: system calls enter at
 * entry_SYSCALL_64, the IDT is idt_table, and the CPU's tables have entry_SYSCALL_64 and init_top_pgt where the kernel
 * has them; other pages aren't compared. One that runs programs, or has an LSTAR, but not such tables is no better.
 * Once, when the kernel is found. Only where the source says what it knows of LSTAR (CPU_LSTAR_…; others show no more
 * than they were found by); a CPU that it can't ask just then is passed over, and so is one that uses FRED.
 * STATUS_MISMATCH: reported, names the CPU and the addresses. The source's faults. */
MUST_USE status kernel_check_cpus(struct guest_kernel *kernel);

#endif
