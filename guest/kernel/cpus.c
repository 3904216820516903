/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/kernel/cpus.h"

#include "base/report.h"
#include "guest/kernel/kallsyms.h"

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

static status check_cpu(struct guest_kernel *kernel, const struct cpu_registers *cpu)
{
	const uint64_t entry = symbol(kernel, "entry_SYSCALL_64");
	struct guest_space space;

	/* A CPU that isn't up yet has none, and a source that could not ask it in time knows none; with FRED
	 * (Linux 6.9, arch/x86/kernel/cpu/common.c) it isn't used. */
	if (cpu->lstar != 0 && entry != 0 && cpu->lstar != entry)
		return mismatch(cpu->cpu_index, "LSTAR", cpu->lstar, "entry_SYSCALL_64", entry);
	/* Without paging, or with nothing of a kernel in its tables: still being started. */
	if (!guest_root_of_cpu(kernel->memory, cpu, &space))
		return STATUS_OK;
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
