/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scheduler's own (kernel/sched/sched.h, autogroup.h, core.c). */
#ifndef GUEST_PROC_TYPES_SCHED_H
#define GUEST_PROC_TYPES_SCHED_H

#include "guest/proc/types/static-key.h"
#include "guest/proc/types/task.h"

#include "guest/kernel/guestc-types-begin.h"

struct autogroup {
	struct task_group *tg;
	unsigned long id;
	int nice;
};

struct task_group {
	struct autogroup *autogroup; /* NULL: it isn't one */
	struct uclamp_se uclamp[2];
};

#include "guest/kernel/guestc-types-end.h"

extern struct static_key_false sched_schedstats;
extern struct autogroup autogroup_default;
extern struct task_group root_task_group;
extern struct uclamp_se uclamp_default[];
extern const char ext_sched_class; /* a struct sched_class; its address says which */
/* NUMA nodes: masks by state, and the number of the node of each CPU. */
extern const char node_states;
extern unsigned int nr_node_ids;
extern int numa_node;
/* Functions. */
extern const char proc_sched_show_task;

#endif
