/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of /proc/sys whose handlers compute what they show: kernel/, fs/, mm/,
 * drivers/char/random.c, 5.10 to 7.2. The initial namespaces. */
#include "guest/proc/cpus.h"
#include "guest/proc/memory.h"
#include "guest/proc/sysctl.h"
#include "guest/proc/task.h"
#include "guest/proc/types/pid.h"

#include "guest/kernel/guestc-types-begin.h"

struct static_key___sysctl {
	atomic_t enabled;
};

struct hstate___sysctl {
	unsigned long max_huge_pages, nr_overcommit_huge_pages;
};

/* A kernel_cap_t: two halves before 6.3, one number then: the same bytes. */
struct dqstats {
	unsigned long stat[8];
	struct percpu_counter counter[8];
};

struct kexec_load_limit {
	int limit;
};

struct sd_flag_debug {
	const char *name;
};

struct pid_namespace___memfd {
	int memfd_noexec_scope;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	UUID_SIZE = 16,
	LOG_COUNT = 8,
	CAP_SET_BOUNDING = 1, /* `data` of older kernels' capability files */
	CAP_SET_INHERITABLE = 2,
	DQUOT_COUNTER_MAX = 16,
	DOMAIN_FLAG_COUNT = 32,
	BIT_NAME_SIZE = 64,
};

extern unsigned long tainted_mask, watchdog_enabled, dac_mmap_min_addr;
extern s64 sysctl_hung_task_detect_count;
extern struct percpu_counter nr_files;
extern long nr_dentry[], nr_dentry_unused[], nr_dentry_negative[]; /* per CPU, as the two after them */
extern long nr_inodes[], nr_unused[];
extern u32 usermodehelper_bset[], usermodehelper_inheritable[];
extern int sysrq_enabled, max_threads, sysctl_numa_balancing_mode, delayacct_on;
extern bool sysrq_always_enabled, kprobes_allow_optimization;
extern u32 seccomp_actions_logged, default_hstate_idx;
extern struct hstate___sysctl hstates[];
extern struct static_key___sysctl sched_schedstats, sched_numa_balancing;
extern struct pid *cad_pid;
extern struct dqstats dqstats;
extern const char sched_is_eas_possible[];
extern const struct sd_flag_debug sd_flag_debug[];
extern const char *const si_names[];
extern void *sd_asym_cpucapacity; /* per CPU */

static void show_int(struct sysctl *sysctl, s64 value)
{
	seq_printf(sysctl->seq, "%lld\n", value);
}

static bool key_is_on(const void *key)
{
	return ((const struct static_key___sysctl *)key)->enabled.counter > 0;
}

static u64 cpu_sum(const long *variable)
{
	s64 sum = 0;
	u32 cpu;

	for_each_possible_cpu (cpu)
		sum += *per_cpu_ptr(variable, cpu);
	return (u64)max(sum, 0ll);
}

/* The file's own array of longs, with those that are counted when it is read. */
static void show_longs(struct sysctl *sysctl, const u64 *counted, const bool *is_counted, u64 counted_size)
{
	const u64 *values = sysctl->entry->data;
	u64 size = (u64)sysctl->entry->maxlen / sizeof *values;

	if (size > SYSCTL_VALUE_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a file of /proc/sys has more numbers than any has");
	for (u64 i = 0; i < size; i++) {
		u64 value = i < counted_size && is_counted[i] ? counted[i] : values[i];

		seq_printf(sysctl->seq, i != 0 ? "\t%llu" : "%llu", value);
	}
	seq_putc(sysctl->seq, '\n');
}

static void show_files(struct sysctl *sysctl)
{
	u64 counted[] = {(u64)max(nr_files.count, 0ll)};
	bool is_counted[] = {true};

	show_longs(sysctl, counted, is_counted, 1);
}

/* struct dentry_stat_t (include/linux/dcache.h). */
static void show_dentries(struct sysctl *sysctl)
{
	bool negative = symbol_exists(nr_dentry_negative);
	u64 counted[] = {cpu_sum(nr_dentry), cpu_sum(nr_dentry_unused), 0, 0,
			 negative ? cpu_sum(nr_dentry_negative) : 0};
	bool is_counted[] = {true, true, false, false, negative};

	show_longs(sysctl, counted, is_counted, 5);
}

static void show_inodes(struct sysctl *sysctl)
{
	u64 counted[] = {cpu_sum(nr_inodes), cpu_sum(nr_unused)};
	bool is_counted[] = {true, true};

	show_longs(sysctl, counted, is_counted, 2);
}

static void show_uuid(struct sysctl *sysctl)
{
	u8 uuid[UUID_SIZE];

	if (sysctl->entry->data == NULL) {
		seq_fault(sysctl->seq, "each reader gets a random number of its own here");
		return;
	}
	guest_copy(uuid, sysctl->entry->data, sizeof uuid);
	/* The version's byte is never 0 of a number that was made. */
	if (uuid[8] == 0) {
		seq_fault(sysctl->seq, "the target makes this number when it is first read: nobody has yet");
		return;
	}
	for (u32 i = 0; i < UUID_SIZE; i++)
		seq_printf(sysctl->seq, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", uuid[i]);
	seq_putc(sysctl->seq, '\n');
}

static void show_capabilities(struct sysctl *sysctl)
{
	const u32 *set = sysctl->entry->data;

	if ((u64)set == CAP_SET_BOUNDING)
		set = usermodehelper_bset;
	else if ((u64)set == CAP_SET_INHERITABLE)
		set = usermodehelper_inheritable;
	seq_printf(sysctl->seq, "%u\t%u\n", set[0], set[1]);
}

/* seccomp_log_names[] (kernel/seccomp.c): bits in the order of its lines. */
static void show_seccomp(struct sysctl *sysctl)
{
	static const struct {
		const char *name;
		u32 bit;
	} logs[LOG_COUNT] = {
		{"kill_process", 0}, {"kill_thread", 1}, {"trap", 2}, {"errno", 3}, /* lint: allow errno: a name */
		{"user_notif", 7},   {"trace", 4},	 {"log", 5},  {"allow", 6}};
	bool any = false;

	for (u32 i = 0; i < LOG_COUNT; i++) {
		if ((seccomp_actions_logged >> logs[i].bit & 1) == 0)
			continue;
		if (any)
			seq_putc(sysctl->seq, ' ');
		seq_puts(sysctl->seq, logs[i].name);
		any = true;
	}
	seq_putc(sysctl->seq, '\n');
}

static const struct hstate___sysctl *huge_pages(void)
{
	if (default_hstate_idx > 8)
		guest_fail(STATUS_MALFORMED, "the number of the default size of huge pages is beyond their table");
	return (const void *)((const char *)hstates + default_hstate_idx * type_size(struct hstate___sysctl));
}

static void show_quota(struct sysctl *sysctl)
{
	s64 offset = (s64)((u64)sysctl->entry->data - (u64)&dqstats) - (s64)field_offset(struct dqstats, stat);
	const char *counters = (const char *)dqstats.counter;

	if (offset < 0 || offset / 8 >= DQUOT_COUNTER_MAX)
		guest_fail(STATUS_MALFORMED, "a count of disk quotas lies outside their table");
	show_int(sysctl, (s64)memory_counter_sum(
				 (const void *)(counters + (u64)offset / 8 * type_size(struct percpu_counter))));
}

/* From 6.7 or so there is nothing to read where energy doesn't count. */
static void show_energy_aware(struct sysctl *sysctl)
{
	u32 cpu;

	if (!symbol_exists(sched_is_eas_possible)) {
		show_int(sysctl, *(const int *)sysctl->entry->data);
		return;
	}
	for_each_possible_cpu (cpu)
		if (*per_cpu_ptr(&sd_asym_cpucapacity, cpu) != NULL)
			guest_fail(STATUS_UNSUPPORTED, "CPUs of several capacities: what the target shows isn't known");
}

/* A reader may have put the counting on, without this file. */
static void show_bpf_stats(struct sysctl *sysctl)
{
	if (key_is_on(sysctl->entry->data))
		guest_fail(STATUS_UNSUPPORTED, "BPF statistics are on; whether by this file isn't known");
	show_int(sysctl, 0);
}

static void bit_name(const char *name, char ret_name[BIT_NAME_SIZE])
{
	if (guest_string_copy(ret_name, BIT_NAME_SIZE, name) == BIT_NAME_SIZE)
		guest_fail(STATUS_MALFORMED, "the name of a bit in /proc/sys has no end");
}

/* sd_ctl_doflags(); as many names as the variable is long. */
static void show_domain_flags(struct sysctl *sysctl)
{
	u64 flags = (u32) * (const int *)sysctl->entry->data, start = symbol_start((u64)sd_flag_debug);
	char name[BIT_NAME_SIZE];

	for (u32 i = 0; i < DOMAIN_FLAG_COUNT; i++) {
		const char *entry = (const char *)sd_flag_debug + i * type_size(struct sd_flag_debug);

		if ((flags >> i & 1) == 0 || symbol_start((u64)entry) != start)
			continue;
		bit_name(((const struct sd_flag_debug *)entry)->name, name);
		seq_printf(sysctl->seq, "%s ", name);
	}
	seq_putc(sysctl->seq, '\n');
}

/* sys_info_read_handler() (lib/sys_info.c). */
static void show_system_information(struct sysctl *sysctl)
{
	u64 bits = *(const u64 *)sysctl->entry->data, start = symbol_start((u64)si_names);
	char name[BIT_NAME_SIZE];
	bool any = false;

	for (u32 i = 0; i < 64 && symbol_start((u64)&si_names[i]) == start; i++) {
		if ((bits >> i & 1) == 0)
			continue;
		bit_name(si_names[i], name);
		if (name[0] == '\0')
			continue;
		seq_printf(sysctl->seq, any ? ",%s" : "%s", name);
		any = true;
	}
	seq_putc(sysctl->seq, '\n');
}

static bool is(const struct sysctl *sysctl, const char *handler)
{
	return strcmp(sysctl->handler, handler) == 0;
}

/* Single numbers that the handler takes from elsewhere. */
static bool show_kernel_number(struct sysctl *sysctl)
{
	if (is(sysctl, "proc_taint"))
		show_int(sysctl, (s64)tainted_mask);
	else if (is(sysctl, "proc_watchdog"))
		show_int(sysctl, (watchdog_enabled & 3) != 0);
	else if (is(sysctl, "proc_nmi_watchdog"))
		show_int(sysctl, watchdog_enabled & 1);
	else if (is(sysctl, "proc_soft_watchdog"))
		show_int(sysctl, watchdog_enabled >> 1 & 1);
	else if (is(sysctl, "sysrq_sysctl_handler"))
		show_int(sysctl, sysrq_always_enabled ? 1 : sysrq_enabled);
	else if (is(sysctl, "sysctl_max_threads"))
		show_int(sysctl, max_threads);
	else if (is(sysctl, "proc_kprobes_optimization_handler"))
		show_int(sysctl, kprobes_allow_optimization);
	else if (is(sysctl, "sysctl_schedstats"))
		show_int(sysctl, key_is_on(&sched_schedstats));
	else if (is(sysctl, "sysctl_numa_balancing"))
		show_int(sysctl, symbol_exists(sysctl_numa_balancing_mode) ? sysctl_numa_balancing_mode
									   : key_is_on(&sched_numa_balancing));
	else if (is(sysctl, "sysctl_delayacct"))
		show_int(sysctl, delayacct_on);
	else if (is(sysctl, "proc_ipc_auto_msgmni"))
		show_int(sysctl, 0);
	else if (is(sysctl, "kexec_limit_handler"))
		show_int(sysctl, ((const struct kexec_load_limit *)sysctl->entry->data)->limit);
	else if (is(sysctl, "proc_dohung_task_detect_count"))
		show_int(sysctl, sysctl_hung_task_detect_count);
	else if (is(sysctl, "proc_do_static_key"))
		show_int(sysctl, key_is_on(sysctl->entry->data));
	else
		return false;
	return true;
}

static bool show_namespace_number(struct sysctl *sysctl)
{
	if (is(sysctl, "pid_ns_ctl_handler"))
		show_int(sysctl, (s32)task_view()->idr.idr_next - 1);
	else if (is(sysctl, "proc_do_cad_pid"))
		show_int(sysctl, pid_shown(cad_pid));
	else if (is(sysctl, "pid_mfd_noexec_dointvec_minmax"))
		show_int(sysctl, ((const struct pid_namespace___memfd *)task_view())->memfd_noexec_scope);
	else if (is(sysctl, "hugetlb_sysctl_handler") || is(sysctl, "hugetlb_mempolicy_sysctl_handler"))
		show_int(sysctl, (s64)huge_pages()->max_huge_pages);
	else if (is(sysctl, "hugetlb_overcommit_handler"))
		show_int(sysctl, (s64)huge_pages()->nr_overcommit_huge_pages);
	else if (is(sysctl, "mmap_min_addr_handler"))
		show_int(sysctl, (s64)dac_mmap_min_addr);
	else
		return false;
	return true;
}

bool sysctl_show_special(struct sysctl *sysctl)
{
	if (is(sysctl, "proc_nr_files"))
		show_files(sysctl);
	else if (is(sysctl, "proc_nr_dentry"))
		show_dentries(sysctl);
	else if (is(sysctl, "proc_nr_inodes"))
		show_inodes(sysctl);
	else if (is(sysctl, "proc_do_uuid"))
		show_uuid(sysctl);
	else if (is(sysctl, "proc_cap_handler"))
		show_capabilities(sysctl);
	else if (is(sysctl, "seccomp_actions_logged_handler"))
		show_seccomp(sysctl);
	else if (is(sysctl, "do_proc_dqstats"))
		show_quota(sysctl);
	else if (is(sysctl, "sched_energy_aware_handler"))
		show_energy_aware(sysctl);
	else if (is(sysctl, "sd_ctl_doflags"))
		show_domain_flags(sysctl);
	else if (is(sysctl, "sysctl_sys_info_handler"))
		show_system_information(sysctl);
	else if (is(sysctl, "bpf_stats_handler"))
		show_bpf_stats(sysctl);
	else
		/* Reading vmstat_refresh only folds counters: there is nothing to read. */
		return is(sysctl, "vmstat_refresh") || show_kernel_number(sysctl) || show_namespace_number(sysctl);
	return true;
}
