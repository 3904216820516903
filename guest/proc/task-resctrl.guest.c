/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/cpu_resctrl_groups: arch/x86/kernel/cpu/resctrl/rdtgroup.c, from
 * 6.16 fs/resctrl/rdtgroup.c, proc_resctrl_show(); 5.10 to 7.2. Before 6.3 or so a
 * monitoring group's ID alone said which it is; on x86 it still does.
 */
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task-facts.h"
#include "guest/proc/types/cgroup.h"
#include "guest/proc/types/static-key.h"

#include "guest/kernel/guestc-types-begin.h"

struct mongroup {
	struct list_head crdtgrp_list;
	u32 rmid;
};

struct rdtgroup {
	struct kernfs_node *kn;
	struct list_head rdtgroup_list;
	u32 closid;
	u32 mode : 32; /* enum rdtgrp_mode */
	struct mongroup mon;
};

enum rdtgrp_mode {
	RDT_MODE_SHAREABLE,
	RDT_MODE_EXCLUSIVE = 2, /* the target's values are asked for */
};

#include "guest/kernel/guestc-types-end.h"

/* Is it mounted? One or the other. */
extern bool resctrl_mounted;
extern struct static_key_false rdt_enable_key;
extern struct list_head rdt_all_groups;
extern struct rdtgroup rdtgroup_default;

enum {
	NAME_SIZE = 256, /* NAME_MAX */
	/* Each has an ID of its own, of which CPUs have some hundreds. */
	GROUP_COUNT_MAX = 65536,
};

static bool is_mounted(void)
{
	if (symbol_exists(resctrl_mounted))
		return resctrl_mounted;
	return rdt_enable_key.key.enabled.counter > 0;
}

static bool has_mode(const struct rdtgroup *group)
{
	return group->mode == (u32)enum_value(enum rdtgrp_mode, RDT_MODE_SHAREABLE) ||
	       group->mode == (u32)enum_value(enum rdtgrp_mode, RDT_MODE_EXCLUSIVE);
}

static void show_name(struct seq *seq, const struct rdtgroup *group)
{
	char name[NAME_SIZE];

	guest_string_copy(name, sizeof name, group->kn->name);
	seq_puts(seq, name);
}

static void show_monitor(struct seq *seq, const struct task_struct *task, const struct rdtgroup *group)
{
	struct guest_bound bound = GUEST_BOUND(GROUP_COUNT_MAX, "monitoring groups");
	const struct rdtgroup *monitor;

	seq_puts(seq, "mon:");
	list_for_each_entry (monitor, &group->mon.crdtgrp_list, mon.crdtgrp_list) {
		guest_bound(&bound);
		if (monitor->mon.rmid == task->rmid) {
			show_name(seq, monitor);
			break;
		}
	}
	seq_putc(seq, '\n');
}

void task_cpu_resctrl_groups_show(struct seq *seq)
{
	const struct task_struct *task = task_subject();
	struct guest_bound bound = GUEST_BOUND(GROUP_COUNT_MAX, "resource groups");
	const struct rdtgroup *group;

	if (!is_mounted()) {
		seq_puts(seq, "res:\nmon:\n");
		return;
	}
	list_for_each_entry (group, &rdt_all_groups, rdtgroup_list) {
		guest_bound(&bound);
		if (!has_mode(group) || group->closid != task->closid)
			continue;
		seq_puts(seq, group == &rdtgroup_default ? "res:/" : "res:");
		show_name(seq, group);
		seq_putc(seq, '\n');
		show_monitor(seq, task, group);
		return;
	}
	guest_fail(STATUS_MALFORMED, "the task is in no resource group");
}
