/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control groups and the tree of their directories (include/linux/cgroup-defs.h,
 * kernel/cgroup/cgroup-internal.h, include/linux/cgroup.h, kernfs.h). */
#ifndef GUEST_PROC_TYPES_CGROUP_H
#define GUEST_PROC_TYPES_CGROUP_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/namespace.h"

#include "guest/proc/types/kernfs.h"

#include "guest/kernel/guestc-types-begin.h"

struct cgroup;
struct cgroup_root;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	unsigned int flags; /* CSS_… */
};

struct cgroup {
	struct cgroup_subsys_state self;
	unsigned long flags;
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

/* A socket's cgroup; or, before 5.15 where bit 0 is set, network classes in its place. */
struct sock_cgroup_data {
	struct cgroup *cgroup; /* from 5.15 */
	u64 val; /* before */
	u32 classid; /* where CGROUP_NET_CLASSID is configured, or before 5.15 */
};

struct cgroup_root {
	unsigned int subsys_mask, flags;
	int hierarchy_id;
	atomic_t nr_cgrps;
	struct list_head root_list; /* in cgroup_roots */
	struct cgroup cgrp;
	char release_agent_path[4096], name[64];
};

/* A css_set's group in one hierarchy. */
struct cgrp_cset_link {
	struct cgroup *cgrp;
	struct list_head cgrp_link; /* in css_set.cgrp_links */
};

enum cgroup_subsys_id {
	cpuset_cgrp_id, /* the target's values are asked for */
	CGROUP_SUBSYS_COUNT,
};

struct css_set {
	struct cgroup_subsys_state *subsys[16]; /* CGROUP_SUBSYS_COUNT */
	struct cgroup *dfl_cgrp; /* in the default hierarchy */
	struct list_head cgrp_links;
};

struct cgroup_subsys {
	const char *legacy_name;
	struct cgroup_root *root;
	const void *dfl_cftypes, *legacy_cftypes;
};

#include "guest/kernel/guestc-types-end.h"

extern struct cgroup_root cgrp_dfl_root;
extern bool cgrp_dfl_visible;
extern struct list_head cgroup_roots;
extern struct css_set init_css_set;
extern struct cgroup_subsys *cgroup_subsys[];
extern struct cgroup_namespace init_cgroup_ns;

#endif
