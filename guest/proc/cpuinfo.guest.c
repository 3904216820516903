/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/cpuinfo: arch/x86/kernel/cpu/proc.c, aperfmperf.c, 5.10 to 7.2.
 *
 * "cpu MHz" is what the kernel would say from memory alone: the last sample of
 * APERF and MPERF where the CPU has them and the kernel keeps one, else what
 * cpufreq set, else the speed measured at boot. (Older kernels take a sample
 * when the file is read; cpufreq drivers may ask the hardware.)
 */
#include "guest/proc/cpus.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/symbols.h"
#include "guest/proc/ticks.h"

#include "guest/kernel/guestc-types-begin.h"

struct cpuinfo_topology {
	u32 apicid, initial_apicid, pkg_id, core_id;
};

struct cpuinfo_x86 {
	u8 x86, x86_model, x86_stepping;
	int cpuid_level;
	u32 x86_capability[1];
	u32 vmx_capability[1]; /* where configured */
	char x86_vendor_id[16], x86_model_id[64];
	u32 microcode, x86_cache_size;
	int x86_cache_alignment, x86_tlbsize, x86_power;
	u32 phys_proc_id : 32; /* these four moved into `topo` in 6.7 */
	u32 cpu_core_id : 32;
	u32 apicid : 32;
	u32 initial_apicid : 32;
	u32 booted_cores : 32;
	struct cpuinfo_topology topo;
	u32 x86_clflush_size : 32;
	u8 x86_virt_bits, x86_phys_bits;
	unsigned long loops_per_jiffy;
	u32 cpu_index : 32;
};

struct aperfmperf {
	unsigned long last_update;
	u64 acnt, mcnt;
};

/* Before 6.0. */
struct aperfmperf_sample {
	unsigned int khz;
};

struct cpufreq_policy {
	unsigned int cur;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	FLAG_WORD_COUNT_MAX = 64, /* NCAPINTS + NBUGINTS is 24 */
	FLAG_NAME_SIZE = 64,
	FEATURE_TSC = 4, /* arch/x86/include/asm/cpufeatures.h */
	FEATURE_APERFMPERF = 3 * 32 + 28,
	FEATURE_VMX = 4 * 32 + 5,
	CPU_MASK_SIZE_MAX = GUEST_CPU_COUNT_MAX / 8,
	SAMPLES_PER_SECOND_AGE = 50, /* MAX_SAMPLE_AGE is HZ / 50 */
};

extern struct cpuinfo_x86 cpu_info; /* per CPU */
extern struct cpuinfo_x86 boot_cpu_data;
extern const char *const x86_cap_flags[], *const x86_bug_flags[], *const x86_vmx_flags[], *const x86_power_flags[];
extern struct aperfmperf cpu_samples; /* per CPU, these two */
extern struct aperfmperf_sample samples;
extern struct cpufreq_policy *cpufreq_cpu_data; /* per CPU */
extern unsigned int cpu_khz;
extern const char free_cpumask_var[];
extern unsigned long cpu_core_map[]; /* per CPU: a mask, or a pointer to one */

static bool has(const struct cpuinfo_x86 *cpu, u32 bit)
{
	const u32 *words = cpu->x86_capability;

	if (bit / 32 >= field_size(struct cpuinfo_x86, x86_capability) / sizeof *words)
		return false;
	return (words[bit / 32] >> (bit % 32) & 1) != 0;
}

/* x86_bug_flags[NBUGINTS × 32]: names of the words behind the NCAPINTS of
 * features. Its length is that of the variable: NBUGINTS is 1, or 2 from 6.7. */
static u32 bug_word_count(void)
{
	u64 flags = (u64)x86_bug_flags;

	return symbol_start(flags + 32 * sizeof(char *)) == symbol_start(flags) ? 2 : 1;
}

static void show_flag(struct seq *seq, const char *name)
{
	char text[FLAG_NAME_SIZE];

	if (name == NULL)
		return;
	if (guest_string_copy(text, sizeof text, name) == sizeof text)
		guest_fail(STATUS_MALFORMED, "the name of a CPU's feature has no end");
	seq_putc(seq, ' ');
	seq_puts(seq, text);
}

static void show_flags(struct seq *seq, const struct cpuinfo_x86 *cpu)
{
	u32 words = (u32)(field_size(struct cpuinfo_x86, x86_capability) / sizeof(u32)), bugs = bug_word_count();

	if (words <= bugs || words > FLAG_WORD_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a CPU has more words of features than any has");
	seq_puts(seq, "flags\t\t:");
	for (u32 i = 0; i < 32 * (words - bugs); i++)
		if (has(cpu, i))
			show_flag(seq, x86_cap_flags[i]);
	if (field_exists(struct cpuinfo_x86, vmx_capability) && has(cpu, FEATURE_VMX) && cpu->vmx_capability[0] != 0) {
		const u32 *vmx = cpu->vmx_capability;
		u32 count = (u32)(field_size(struct cpuinfo_x86, vmx_capability) / sizeof *vmx);

		seq_puts(seq, "\nvmx flags\t:");
		for (u32 i = 0; i < 32 * min(count, (u32)FLAG_WORD_COUNT_MAX); i++)
			if ((vmx[i / 32] >> (i % 32) & 1) != 0)
				show_flag(seq, x86_vmx_flags[i]);
	}
	seq_puts(seq, "\nbugs\t\t:");
	for (u32 i = 0; i < 32 * bugs; i++)
		if (has(cpu, 32 * (words - bugs) + i))
			show_flag(seq, x86_bug_flags[i]);
}

static u32 sampled_khz(u32 number, const struct cpuinfo_x86 *cpu)
{
	struct ticks ticks;

	if (!has(cpu, FEATURE_APERFMPERF))
		return 0;
	if (!symbol_exists(cpu_samples))
		return symbol_exists(samples) ? per_cpu_ptr(&samples, number)->khz : 0;
	const struct aperfmperf *sample = per_cpu_ptr(&cpu_samples, number);
	ticks_read(&ticks);
	u64 age_max = 1000000000 / ticks.tick_ns / SAMPLES_PER_SECOND_AGE;
	if (sample->mcnt == 0 || ticks.now - sample->last_update > age_max)
		return 0;
	return (u32)(cpu_khz * sample->acnt / sample->mcnt);
}

static u32 set_khz(u32 number)
{
	const struct cpufreq_policy *policy =
		symbol_exists(cpufreq_cpu_data) ? *per_cpu_ptr(&cpufreq_cpu_data, number) : NULL;

	return policy != NULL ? policy->cur : 0;
}

static u32 khz(u32 number, const struct cpuinfo_x86 *cpu)
{
	u32 value = sampled_khz(number, cpu);

	if (value == 0)
		value = set_khz(number);
	return value != 0 ? value : cpu_khz;
}

static void show_name(struct seq *seq, const char *label, const char *name, u32 size)
{
	char text[FLAG_NAME_SIZE + 1];

	if (guest_string_copy(text, min(size + 1, (u32)sizeof text), name) > size)
		guest_fail(STATUS_MALFORMED, "the name of a CPU has no end");
	seq_printf(seq, "%s%s\n", label, text[0] != '\0' ? text : "unknown");
}

static void show_model(struct seq *seq, u32 number, const struct cpuinfo_x86 *cpu)
{
	seq_printf(seq, "processor\t: %u\n", number);
	show_name(seq, "vendor_id\t: ", cpu->x86_vendor_id, 16);
	seq_printf(seq, "cpu family\t: %u\nmodel\t\t: %u\n", cpu->x86, cpu->x86_model);
	show_name(seq, "model name\t: ", cpu->x86_model_id, 64);
	if (cpu->x86_stepping != 0 || cpu->cpuid_level >= 0)
		seq_printf(seq, "stepping\t: %u\n", cpu->x86_stepping);
	else
		seq_puts(seq, "stepping\t: unknown\n");
	if (cpu->microcode != 0)
		seq_printf(seq, "microcode\t: 0x%x\n", cpu->microcode);
	if (has(cpu, FEATURE_TSC)) {
		u32 value = khz(number, cpu);

		seq_printf(seq, "cpu MHz\t\t: %u.%03u\n", value / 1000, value % 1000);
	}
	if (cpu->x86_cache_size != 0)
		seq_printf(seq, "cache size\t: %u KB\n", cpu->x86_cache_size);
}

/* How many CPUs share the package: cpumask_var_t is a pointer where masks are
 * large (CPUMASK_OFFSTACK). */
static u32 sibling_count(u32 number)
{
	const unsigned long *mask = per_cpu_ptr(&cpu_core_map[0], number);
	u32 cpu, count = 0;

	if (symbol_exists(free_cpumask_var))
		mask = *(const unsigned long *const *)mask;
	for_each_possible_cpu (cpu)
		count += mask[cpu / 64] >> (cpu % 64) & 1;
	return count;
}

static void show_place(struct seq *seq, u32 number, const struct cpuinfo_x86 *cpu)
{
	bool together = field_exists(struct cpuinfo_x86, topo.pkg_id);

	if (!symbol_exists(cpu_core_map))
		return;
	seq_printf(seq, "physical id\t: %d\n", (int)(together ? cpu->topo.pkg_id : cpu->phys_proc_id));
	seq_printf(seq, "siblings\t: %u\n", sibling_count(number));
	seq_printf(seq, "core id\t\t: %d\n", (int)(together ? cpu->topo.core_id : cpu->cpu_core_id));
	seq_printf(seq, "cpu cores\t: %d\n", (int)cpu->booted_cores);
	seq_printf(seq, "apicid\t\t: %d\n", (int)(together ? cpu->topo.apicid : cpu->apicid));
	seq_printf(seq, "initial apicid\t: %d\n", (int)(together ? cpu->topo.initial_apicid : cpu->initial_apicid));
}

static void show_power(struct seq *seq, const struct cpuinfo_x86 *cpu)
{
	char text[FLAG_NAME_SIZE];

	seq_puts(seq, "power management:");
	for (u32 i = 0; i < 32; i++) {
		if (((u32)cpu->x86_power >> i & 1) == 0)
			continue;
		const char *name = x86_power_flags[i];
		if (name == NULL) {
			seq_printf(seq, " [%u]", i);
			continue;
		}
		if (guest_string_copy(text, sizeof text, name) == sizeof text)
			guest_fail(STATUS_MALFORMED, "the name of a CPU's feature has no end");
		seq_printf(seq, "%s%s", text[0] != '\0' ? " " : "", text);
	}
	seq_puts(seq, "\n\n");
}

static void show_speed(struct seq *seq, const struct cpuinfo_x86 *cpu)
{
	struct ticks ticks;

	ticks_read(&ticks);
	u64 hz = ticks_hz(&ticks);
	seq_printf(seq, "\nbogomips\t: %llu.%02llu\n", cpu->loops_per_jiffy / (500000 / hz),
		   cpu->loops_per_jiffy / (5000 / hz) % 100);
	if (cpu->x86_tlbsize > 0)
		seq_printf(seq, "TLB size\t: %d 4K pages\n", cpu->x86_tlbsize);
	seq_printf(seq, "clflush size\t: %u\ncache_alignment\t: %d\n", (u32)cpu->x86_clflush_size,
		   cpu->x86_cache_alignment);
	seq_printf(seq, "address sizes\t: %u bits physical, %u bits virtual\n", cpu->x86_phys_bits, cpu->x86_virt_bits);
}

void cpuinfo_show(struct seq *seq)
{
	u32 number;

	for_each_online_cpu(number)
	{
		const struct cpuinfo_x86 *cpu =
			symbol_exists(cpu_info) ? per_cpu_ptr(&cpu_info, number) : &boot_cpu_data;

		show_model(seq, number, cpu);
		show_place(seq, number, cpu);
		seq_printf(seq, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: %d\nwp\t\t: yes\n",
			   cpu->cpuid_level);
		show_flags(seq, cpu);
		show_speed(seq, cpu);
		show_power(seq, cpu);
	}
}
