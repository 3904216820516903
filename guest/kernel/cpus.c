/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/kernel/cpus.h"

#include "base/report.h"
#include "guest/kernel/kallsyms.h"

#define CR4_FRED (UINT64_C(1) << 32)

enum {
	CPU_COUNT_MAX = 64, /* as many as are looked at to find a root; more aren't compared */
};

/* 0: not every kernel has every one. */
static uint64_t symbol(const struct guest_kernel *kernel, const char *name)
{
	struct guest_va address;

	return guest_symbols_find(kernel->symbols, name, &address) == STATUS_OK ? address.value : 0;
}

static status mismatch(uint32_t cpu_index, const char *what, uint64_t found, const char *name, uint64_t expected)
{
	return report(STATUS_MISMATCH,
		      "CPU %u's %s leads to %#llx, and its kernel's %s to %#llx: somebody has redirected it, or what "
		      "memory says of the kernel is forged",
		      cpu_index, what, (unsigned long long)found, name, (unsigned long long)expected);
}

/* By the tables of two spaces: the same page? What neither maps doesn't count. */
static status compare_place(struct guest_kernel *kernel, const struct cpu_registers *cpu,
			    const struct guest_space *cpu_space, const char *what, uint64_t cpu_address,
			    const char *name)
{
	const uint64_t address = symbol(kernel, name);
	struct guest_mapping found = {0}, expected;

	if (address == 0 ||
	    guest_space_translate(kernel->memory, &kernel->space, (struct guest_va){address}, &expected) != STATUS_OK)
		return STATUS_OK;
	if (cpu_address == 0)
		cpu_address = address;
	status result = guest_space_translate(kernel->memory, cpu_space, (struct guest_va){cpu_address}, &found);
	if (result != STATUS_OK && result != STATUS_UNMAPPED && result != STATUS_MALFORMED)
		return result;
	return result == STATUS_OK && found.address.value == expected.address.value
		       ? STATUS_OK
		       : mismatch(cpu->cpu_index, what, found.address.value, name, expected.address.value);
}

static bool has_lstar(const struct cpu_registers *cpu)
{
	return cpu->lstar != 0 && cpu->lstar != CPU_LSTAR_NONE && cpu->lstar != CPU_LSTAR_LATE;
}

/* Only a CPU that was started once runs programs, or has an LSTAR. Others may be anything: in firmware's loop (edk2
 * 2025.02 leaves a CPU that Linux doesn't start in long mode, on firmware's tables, without LSTAR), or in
 * arch/x86/kernel/head_64.S, on the tables below 1 MiB, before cpu_init() writes it. */
static bool was_started(const struct cpu_registers *cpu)
{
	return cpu->cpl == 3 || has_lstar(cpu);
}

static status check_lstar(struct guest_kernel *kernel, const struct cpu_registers *cpu)
{
	const uint64_t entry = symbol(kernel, "entry_SYSCALL_64");

	if (entry == 0 || cpu->lstar == entry || cpu->lstar == CPU_LSTAR_LATE)
		return STATUS_OK;
	return was_started(cpu)
		       ? mismatch(cpu->cpu_index, "LSTAR", has_lstar(cpu) ? cpu->lstar : 0, "entry_SYSCALL_64", entry)
		       : STATUS_OK;
}

/* Nothing of a kernel is in its tables: neither an IDT nor code. */
static status check_foreign_tables(const struct cpu_registers *cpu)
{
	struct guest_space halves[2];

	if (!was_started(cpu) || guest_space_from_registers(cpu, &halves[0], &halves[1]) != STATUS_OK)
		return STATUS_OK;
	return report(STATUS_MISMATCH,
		      "CPU %u runs on page tables at %#llx that are no kernel's: somebody has redirected it, or what "
		      "memory says of the kernel is forged",
		      cpu->cpu_index, (unsigned long long)cpu->cr3);
}

static status check_cpu(struct guest_kernel *kernel, const struct cpu_registers *cpu)
{
	struct guest_space space;

	/* With FRED (Linux 6.9, arch/x86/kernel/cpu/common.c) neither LSTAR nor the IDT are used, nor set. */
	if ((cpu->cr4 & CR4_FRED) != 0)
		return STATUS_OK;
	TRY(check_lstar(kernel, cpu));
	if (!guest_root_of_cpu(kernel->memory, cpu, &space))
		return check_foreign_tables(cpu);
	TRY(compare_place(kernel, cpu, &space, "IDT", cpu->idt_base, "idt_table"));
	TRY(compare_place(kernel, cpu, &space, "tables for the kernel's code", 0, "entry_SYSCALL_64"));
	return compare_place(kernel, cpu, &space, "tables for the kernel's data", 0, "init_top_pgt");
}

status kernel_check_cpus(struct guest_kernel *kernel)
{
	struct page_source *source = kernel->memory->source;
	struct cpu_registers cpus[CPU_COUNT_MAX];
	unsigned int count = 0;
	bool knows_lstar = false;

	for (uint32_t i = 0; i < CPU_COUNT_MAX; i++) {
		status result = source->ops->registers(source, i, &cpus[count]);

		if (result == STATUS_END)
			break;
		if (result == STATUS_MISSING)
			continue;
		TRY(result);
		knows_lstar |= cpus[count++].lstar != 0;
	}
	/* Any of them: which CPU says nothing is the target's choice. */
	for (unsigned int i = 0; knows_lstar && i < count; i++)
		TRY(check_cpu(kernel, &cpus[i]));
	return STATUS_OK;
}
