/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/sched, schedstat, autogroup: kernel/sched/debug.c,
 * proc_sched_show_task(); kernel/sched/fair.c, show_numa_stats();
 * kernel/sched/core.c, uclamp_eff_value(); 5.10 to 7.2.
 *
 * clock-delta is how long the reader took between two looks at its clock: no
 * property of the task, and not in memory. It is shown as 0.
 */
#include "guest/proc/mention.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task-facts.h"
#include "guest/proc/types/sched.h"

enum {
	NS_PER_MS = 1000000,
	UTIL_AVG_CHANGED_MASK = 0x7fffffff, /* ~UTIL_AVG_UNCHANGED */
	/* include/uapi/linux/sched.h */
	SCHED_NORMAL = 0,
	SCHED_BATCH = 3,
	SCHED_DEADLINE = 6,
	SCHED_EXT = 7,
	/* enum uclamp_id */
	UCLAMP_MIN = 0,
	UCLAMP_MAX = 1,
	/* kernel/sched/fair.c: of each node shared and private faults; the first
	 * kind of statistics is NUMA_MEM. */
	FAULT_TYPE_COUNT = 2,
	N_ONLINE = 1, /* enum node_states */
	NODE_COUNT_MAX = 1024, /* NODES_SHIFT is at most 10 */
};

#define LINE(seq, pointer, member) line(seq, #member, (s64)(pointer)->member)
/* A load takes some 150 bytes of code, wherever it stands: of what has 64 bits in all kernels it stands once. */
#define COUNT(field) count_of(_Generic(&(field), const u64 *: &(field), const unsigned long *: &(field)))
#define COUNT_LINE(seq, pointer, member) line(seq, #member, (s64)COUNT((pointer)->member))
#define TIME_LINE(seq, pointer, member) time_line(seq, #member, (s64)COUNT((pointer)->member))

static __attribute__((noinline)) u64 count_of(const void *field)
{
	return READ_ONCE(*(const u64 *)field);
}

static void line(struct seq *seq, const char *title, s64 value)
{
	seq_printf(seq, "%-45s:%21lld\n", title, value);
}

/* SPLIT_NS(): milliseconds, the sign only before the point. */
static void time_line(struct seq *seq, const char *title, s64 ns)
{
	u64 size = ns < 0 ? -(u64)ns : (u64)ns;
	s64 ms = (s64)(size / NS_PER_MS);

	seq_printf(seq, "%-45s:%14lld.%06llu\n", title, ns < 0 ? -ms : ms, size % NS_PER_MS);
}

static void show_statistics(struct seq *seq, const struct sched_statistics *stats)
{
	TIME_LINE(seq, stats, sum_sleep_runtime);
	if (field_exists(struct sched_statistics, sum_block_runtime))
		TIME_LINE(seq, stats, sum_block_runtime);
	TIME_LINE(seq, stats, wait_start);
	TIME_LINE(seq, stats, sleep_start);
	TIME_LINE(seq, stats, block_start);
	TIME_LINE(seq, stats, sleep_max);
	TIME_LINE(seq, stats, block_max);
	TIME_LINE(seq, stats, exec_max);
	TIME_LINE(seq, stats, slice_max);
	TIME_LINE(seq, stats, wait_max);
	TIME_LINE(seq, stats, wait_sum);
	COUNT_LINE(seq, stats, wait_count);
	TIME_LINE(seq, stats, iowait_sum);
	COUNT_LINE(seq, stats, iowait_count);
	COUNT_LINE(seq, stats, nr_migrations_cold);
	COUNT_LINE(seq, stats, nr_failed_migrations_affine);
	COUNT_LINE(seq, stats, nr_failed_migrations_running);
	COUNT_LINE(seq, stats, nr_failed_migrations_hot);
	COUNT_LINE(seq, stats, nr_forced_migrations);
	COUNT_LINE(seq, stats, nr_wakeups);
	COUNT_LINE(seq, stats, nr_wakeups_sync);
	COUNT_LINE(seq, stats, nr_wakeups_migrate);
	COUNT_LINE(seq, stats, nr_wakeups_local);
	COUNT_LINE(seq, stats, nr_wakeups_remote);
	COUNT_LINE(seq, stats, nr_wakeups_affine);
	COUNT_LINE(seq, stats, nr_wakeups_affine_attempts);
	COUNT_LINE(seq, stats, nr_wakeups_passive);
	COUNT_LINE(seq, stats, nr_wakeups_idle);
}

/* Before 5.16 they were part of the entity, and were called so. */
static void show_old_statistics(struct seq *seq, const struct task_struct *task)
{
	TIME_LINE(seq, task, se.statistics.sum_sleep_runtime);
	TIME_LINE(seq, task, se.statistics.wait_start);
	TIME_LINE(seq, task, se.statistics.sleep_start);
	TIME_LINE(seq, task, se.statistics.block_start);
	TIME_LINE(seq, task, se.statistics.sleep_max);
	TIME_LINE(seq, task, se.statistics.block_max);
	TIME_LINE(seq, task, se.statistics.exec_max);
	TIME_LINE(seq, task, se.statistics.slice_max);
	TIME_LINE(seq, task, se.statistics.wait_max);
	TIME_LINE(seq, task, se.statistics.wait_sum);
	COUNT_LINE(seq, task, se.statistics.wait_count);
	TIME_LINE(seq, task, se.statistics.iowait_sum);
	COUNT_LINE(seq, task, se.statistics.iowait_count);
	COUNT_LINE(seq, task, se.statistics.nr_migrations_cold);
	COUNT_LINE(seq, task, se.statistics.nr_failed_migrations_affine);
	COUNT_LINE(seq, task, se.statistics.nr_failed_migrations_running);
	COUNT_LINE(seq, task, se.statistics.nr_failed_migrations_hot);
	COUNT_LINE(seq, task, se.statistics.nr_forced_migrations);
	COUNT_LINE(seq, task, se.statistics.nr_wakeups);
	COUNT_LINE(seq, task, se.statistics.nr_wakeups_sync);
	COUNT_LINE(seq, task, se.statistics.nr_wakeups_migrate);
	COUNT_LINE(seq, task, se.statistics.nr_wakeups_local);
	COUNT_LINE(seq, task, se.statistics.nr_wakeups_remote);
	COUNT_LINE(seq, task, se.statistics.nr_wakeups_affine);
	COUNT_LINE(seq, task, se.statistics.nr_wakeups_affine_attempts);
	COUNT_LINE(seq, task, se.statistics.nr_wakeups_passive);
	COUNT_LINE(seq, task, se.statistics.nr_wakeups_idle);
}

static void show_averages(struct seq *seq, const struct task_struct *task)
{
	u64 runtime = COUNT(task->se.sum_exec_runtime);
	u64 switches = COUNT(task->nvcsw) + COUNT(task->nivcsw);
	u64 migrations = COUNT(task->se.nr_migrations);

	time_line(seq, "avg_atom", switches != 0 ? (s64)(runtime / switches) : -1);
	time_line(seq, "avg_per_cpu", migrations != 0 ? (s64)(runtime / migrations) : -1);
	if (field_exists(struct task_struct, stats.core_forceidle_sum))
		time_line(seq, "core_forceidle_sum", (s64)task->stats.core_forceidle_sum);
}

/* schedstat_enabled() */
static bool has_statistics(void)
{
	return symbol_exists(sched_schedstats) && sched_schedstats.key.enabled.counter > 0;
}

static void show_times(struct seq *seq, const struct task_struct *task)
{
	TIME_LINE(seq, task, se.exec_start);
	TIME_LINE(seq, task, se.vruntime);
	TIME_LINE(seq, task, se.sum_exec_runtime);
	COUNT_LINE(seq, task, se.nr_migrations);
	if (has_statistics()) {
		if (field_exists(struct task_struct, stats))
			show_statistics(seq, &task->stats);
		else
			show_old_statistics(seq, task);
		show_averages(seq, task);
	}
	line(seq, "nr_switches", (s64)(COUNT(task->nvcsw) + COUNT(task->nivcsw)));
	line(seq, "nr_voluntary_switches", (s64)COUNT(task->nvcsw));
	line(seq, "nr_involuntary_switches", (s64)COUNT(task->nivcsw));
}

static void show_load(struct seq *seq, const struct task_struct *task)
{
	const struct sched_avg___number *newer = (const void *)&task->se.avg;

	COUNT_LINE(seq, task, se.load.weight);
	if (!field_exists(struct task_struct, se.avg))
		return; /* without SMP */
	COUNT_LINE(seq, task, se.avg.load_sum);
	LINE(seq, task, se.avg.runnable_sum);
	LINE(seq, task, se.avg.util_sum);
	COUNT_LINE(seq, task, se.avg.load_avg);
	COUNT_LINE(seq, task, se.avg.runnable_avg);
	COUNT_LINE(seq, task, se.avg.util_avg);
	COUNT_LINE(seq, task, se.avg.last_update_time);
	if (field_exists(struct sched_avg, util_est.ewma)) {
		LINE(seq, task, se.avg.util_est.ewma);
		line(seq, "se.avg.util_est.enqueued", task->se.avg.util_est.enqueued & UTIL_AVG_CHANGED_MASK);
	} else {
		line(seq, "se.avg.util_est", newer->util_est & UTIL_AVG_CHANGED_MASK);
	}
}

/* uclamp_tg_restrict() */
static u32 clamp_in_group(const struct task_struct *task, u32 which)
{
	const struct task_group *group = task->sched_task_group;
	u32 value = task->uclamp_req[which].value;

	if (!field_exists(struct task_group, uclamp) || group == &root_task_group || group->autogroup != NULL)
		return value;
	return min(max(value, (u32)group->uclamp[UCLAMP_MIN].value), (u32)group->uclamp[UCLAMP_MAX].value);
}

/* uclamp_eff_value() */
static u32 clamp_in_effect(const struct task_struct *task, u32 which)
{
	if (task->uclamp[which].active != 0)
		return task->uclamp[which].value;
	return min(clamp_in_group(task, which), (u32)uclamp_default[which].value);
}

static void show_clamps(struct seq *seq, const struct task_struct *task)
{
	line(seq, "uclamp.min", task->uclamp_req[UCLAMP_MIN].value);
	line(seq, "uclamp.max", task->uclamp_req[UCLAMP_MAX].value);
	line(seq, "effective uclamp.min", clamp_in_effect(task, UCLAMP_MIN));
	line(seq, "effective uclamp.max", clamp_in_effect(task, UCLAMP_MAX));
}

/* fair_policy() */
static bool is_fair(u32 policy)
{
	if (policy == SCHED_EXT)
		return symbol_exists(ext_sched_class);
	return policy == SCHED_NORMAL || policy == SCHED_BATCH;
}

static void show_policy(struct seq *seq, const struct task_struct *task)
{
	LINE(seq, task, policy);
	LINE(seq, task, prio);
	if (task->policy == SCHED_DEADLINE) {
		LINE(seq, task, dl.runtime);
		LINE(seq, task, dl.deadline);
	} else if (is_fair(task->policy) && code_mentions(&proc_sched_show_task, "se.slice")) {
		LINE(seq, task, se.slice);
	}
	if (symbol_exists(ext_sched_class))
		line(seq, "ext.enabled", (u64)task->sched_class == (u64)&ext_sched_class ? 1 : 0);
}

static bool is_online(u32 node)
{
	u64 mask_size = field_size(struct task_struct, mems_allowed), word;

	guest_copy(&word, &node_states + N_ONLINE * mask_size + node / 64 * sizeof word, sizeof word);
	return (word >> node % 64 & 1) != 0;
}

static void show_faults(struct seq *seq, const struct task_struct *task, u32 node)
{
	const unsigned long *faults = task->numa_faults;
	const struct numa_group *group = task->numa_group;
	unsigned long task_shared = 0, task_private = 0, group_shared = 0, group_private = 0;
	u32 at = FAULT_TYPE_COUNT * node;

	if (faults != NULL) {
		task_shared = faults[at];
		task_private = faults[at + 1];
	}
	if (group != NULL) {
		group_shared = group->faults[at];
		group_private = group->faults[at + 1];
	}
	seq_printf(seq, "numa_faults node=%u task_private=%lu task_shared=%lu ", node, task_private, task_shared);
	seq_printf(seq, "group_private=%lu group_shared=%lu\n", group_private, group_shared);
}

/* sched_show_numa() */
static void show_numa(struct seq *seq, const struct task_struct *task)
{
	const struct numa_group *group = task->numa_group;
	u32 count = nr_node_ids;

	if (task->mm != NULL)
		LINE(seq, task, mm->numa_scan_seq);
	LINE(seq, task, numa_pages_migrated);
	LINE(seq, task, numa_preferred_nid);
	LINE(seq, task, total_numa_faults);
	seq_printf(seq, "current_node=%d, numa_group_id=%d\n", *per_cpu_ptr(&numa_node, task_cpu(task)),
		   group != NULL ? group->gid : 0);
	if (count > NODE_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "the kernel says that it has more NUMA nodes than it could have");
	for (u32 node = 0; node < count; node++) {
		if (is_online(node))
			show_faults(seq, task, node);
	}
}

void task_sched_show(struct seq *seq)
{
	const struct task_struct *task = task_subject();
	char name[TASK_NAME_SIZE];

	guest_string_copy(name, min(field_size(struct task_struct, comm), (u64)sizeof name), task->comm);
	seq_printf(seq, "%s (%u, #threads: %d)\n", name, task_number_in(task, PIDTYPE_PID, task_view()),
		   task->signal->nr_threads);
	seq_puts(seq, "-------------------------------------------------------------------\n");
	show_times(seq, task);
	show_load(seq, task);
	if (field_exists(struct task_struct, uclamp_req))
		show_clamps(seq, task);
	show_policy(seq, task);
	line(seq, "clock-delta", 0);
	if (field_exists(struct task_struct, numa_faults))
		show_numa(seq, task);
}

/* proc_pid_schedstat() */
void task_schedstat_show(struct seq *seq)
{
	const struct task_struct *task = task_subject();

	seq_printf(seq, "%llu %llu %lu\n", task->se.sum_exec_runtime, task->sched_info.run_delay,
		   task->sched_info.pcount);
}

static const struct autogroup *autogroup_of(const struct task_struct *task)
{
	if (!task_has_signals(task))
		return &autogroup_default;
	return task->signal->autogroup;
}

/* proc_sched_autogroup_show_task() */
void task_autogroup_show(struct seq *seq)
{
	const struct autogroup *group = autogroup_of(task_subject());

	if (group->tg->autogroup != NULL)
		seq_printf(seq, "/autogroup-%ld nice %d\n", (long)group->id, group->nice);
}
