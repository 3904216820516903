/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/cgroup, cpuset: kernel/cgroup/cgroup.c, proc_cgroup_show();
 * kernel/cgroup/cpuset-v1.c, before 6.12 cpuset.c, proc_cpuset_show();
 * fs/kernfs/dir.c, kernfs_path_from_node(); 5.10 to 7.2.
 *
 * Paths are relative to the reader's cgroup namespace: that of the process whose
 * view the user chose, else the machine's initial one.
 */
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task-facts.h"
#include "guest/proc/types/cgroup.h"
#include "guest/proc/types/namespace.h"

enum {
	PATH_SIZE = 4096, /* PATH_MAX: the kernel shows no longer path */
	/* Each level is a slash and a character at least. */
	LEVEL_COUNT_MAX = PATH_SIZE / 2,
	NAME_SIZE = 256, /* NAME_MAX */
	/* A hierarchy for each controller, and named ones, which anybody may
	 * make: as many as there are bits for. */
	ROOT_COUNT_MAX = 4096,
	SUBSYSTEM_COUNT_MAX = 32, /* bits of subsys_mask */
	CSS_ONLINE = 1 << 1,
};

/* A path that is made from its end. */
struct text {
	char bytes[PATH_SIZE];
	u32 start;
};

static void path_prepend(struct text *path, const char *bytes, u32 size)
{
	if (size >= path->start)
		guest_fail(STATUS_LIMIT, "the path of a cgroup is too long; its own kernel refuses to show it");
	for (u32 i = size; i-- > 0;)
		path->bytes[--path->start] = bytes[i];
}

static const struct kernfs_node *parent_of(const struct kernfs_node *node)
{
	if (field_exists(struct kernfs_node, __parent))
		return node->__parent;
	return node->parent;
}

static u32 depth_of(const struct kernfs_node *node)
{
	struct guest_bound bound = GUEST_BOUND(LEVEL_COUNT_MAX, "levels of cgroups");
	u32 depth = 0;

	for (node = parent_of(node); node != NULL; node = parent_of(node), depth++)
		guest_bound(&bound);
	return depth;
}

/* kernfs_common_ancestor(): both are of one tree. */
static const struct kernfs_node *common_ancestor(const struct kernfs_node *a, const struct kernfs_node *b)
{
	u32 depth_a = depth_of(a), depth_b = depth_of(b);

	for (; depth_a > depth_b; depth_a--)
		a = parent_of(a);
	for (; depth_b > depth_a; depth_b--)
		b = parent_of(b);
	for (; a != b && depth_a > 0; depth_a--) {
		a = parent_of(a);
		b = parent_of(b);
	}
	if (a != b)
		guest_fail(STATUS_MALFORMED, "a cgroup lies in another tree than its root");
	return a;
}

/* kernfs_path_from_node(): the way down, after a "/.." for each level up. */
static void show_path(struct seq *seq, const struct kernfs_node *to, const struct kernfs_node *from)
{
	const struct kernfs_node *common;
	struct text path;
	char name[NAME_SIZE];

	path.start = PATH_SIZE;
	if (to == from) {
		seq_putc(seq, '/');
		return;
	}
	common = common_ancestor(from, to);
	/* Bounded: the depths were. */
	for (const struct kernfs_node *node = to; node != common; node = parent_of(node)) {
		size_t size = guest_string_copy(name, sizeof name, node->name);

		if (size == sizeof name)
			guest_fail(STATUS_MALFORMED, "a cgroup's name is longer than Linux allows");
		path_prepend(&path, name, (u32)size);
		path_prepend(&path, "/", 1);
	}
	for (; from != common; from = parent_of(from))
		path_prepend(&path, "/..", 3);
	seq_write(seq, &path.bytes[path.start], PATH_SIZE - path.start);
}

/* cset_cgroup_from_root(); NULL: the hierarchy is being unmounted. */
static const struct cgroup *group_in(const struct css_set *set, const struct cgroup_root *root)
{
	struct cgrp_cset_link *link;

	if (set == &init_css_set)
		return &root->cgrp;
	if (root == &cgrp_dfl_root)
		return set->dfl_cgrp;
	list_for_each_entry (link, &set->cgrp_links, cgrp_link) {
		if (link->cgrp->root == root)
			return link->cgrp;
	}
	return NULL;
}

static const struct cgroup_namespace *reader_namespace(void)
{
	return subject_view_pid_space() != 0 ? task_view_namespaces()->cgroup_ns : &init_cgroup_ns;
}

/* cgroup_path_ns_locked() */
static void show_group(struct seq *seq, const struct cgroup *group)
{
	const struct cgroup *base = group_in(reader_namespace()->root_cset, group->root);

	if (base == NULL)
		guest_fail(STATUS_MALFORMED, "a cgroup namespace has no root in a hierarchy");
	show_path(seq, group->kn, base->kn);
}

static void show_controllers(struct seq *seq, const struct cgroup_root *root)
{
	s64 count = enum_value(enum cgroup_subsys_id, CGROUP_SUBSYS_COUNT);
	const char *separator = "";
	char name[NAME_SIZE];

	if (count < 0 || count > SUBSYSTEM_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "the kernel has more cgroup controllers than its masks have bits");
	for (u32 i = 0; root != &cgrp_dfl_root && i < (u32)count; i++) {
		if ((root->subsys_mask >> i & 1) == 0)
			continue;
		guest_string_copy(name, sizeof name, cgroup_subsys[i]->legacy_name);
		seq_printf(seq, "%s%s", separator, name);
		separator = ",";
	}
	guest_string_copy(name, min(field_size(struct cgroup_root, name), (u64)sizeof name), root->name);
	if (name[0] != '\0')
		seq_printf(seq, "%sname=%s", separator, name);
}

static void show_hierarchy(struct seq *seq, const struct task_struct *task, const struct cgroup_root *root)
{
	const struct cgroup *group = group_in(task->cgroups, root);
	bool is_default = root == &cgrp_dfl_root;

	if (group == NULL)
		return;
	seq_printf(seq, "%d:", root->hierarchy_id);
	show_controllers(seq, root);
	seq_putc(seq, ':');
	/* In old hierarchies a task that ends is back at the root. */
	if (is_default || (task->flags & PF_EXITING) == 0)
		show_group(seq, group);
	else
		seq_putc(seq, '/');
	seq_puts(seq, is_default && (group->self.flags & CSS_ONLINE) == 0 ? " (deleted)\n" : "\n");
}

void task_cgroup_show(struct seq *seq)
{
	const struct task_struct *task = task_subject();
	const struct cgroup_root *root;
	struct guest_bound bound = GUEST_BOUND(ROOT_COUNT_MAX, "hierarchies of cgroups");

	list_for_each_entry (root, &cgroup_roots, root_list) {
		guest_bound(&bound);
		if (root != &cgrp_dfl_root || cgrp_dfl_visible)
			show_hierarchy(seq, task, root);
	}
}

void task_cpuset_show(struct seq *seq)
{
	const struct css_set *set = task_subject()->cgroups;
	s64 number = enum_value(enum cgroup_subsys_id, cpuset_cgrp_id);

	if (number < 0 || (u64)number >= field_size(struct css_set, subsys) / sizeof(void *))
		guest_fail(STATUS_MALFORMED, "the number of the cpuset controller is beyond its table");
	show_group(seq, set->subsys[number]->cgroup);
	seq_putc(seq, '\n');
}
