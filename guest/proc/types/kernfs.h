/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trees behind /sys and /sys/fs/cgroup (include/linux/kernfs.h, sysfs.h,
 * kobject.h). */
#ifndef GUEST_PROC_TYPES_KERNFS_H
#define GUEST_PROC_TYPES_KERNFS_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/list.h"

#include "guest/kernel/guestc-types-begin.h"

struct kernfs_node;

struct kernfs_elem_dir {
	struct rb_root children;
};

struct kernfs_elem_symlink {
	struct kernfs_node *target_kn;
};

struct kernfs_elem_attr {
	const void *ops;
	s64 size;
};

struct kernfs_node {
	struct kernfs_node *parent; /* before 6.15; NULL: the root */
	struct kernfs_node *__parent; /* from 6.15 */
	const char *name;
	atomic_t active; /* below 0: going */
	struct rb_node rb;
	const void *ns;
	u32 hash; /* of name and namespace */
	struct kernfs_elem_dir dir; /* these three in one union */
	struct kernfs_elem_symlink symlink;
	struct kernfs_elem_attr attr;
	void *priv;
	u64 id;
	u16 flags, mode;
};

struct attribute {
	const char *name;
};

struct sysfs_ops {
	const void *show;
};

struct kobj_type {
	const struct sysfs_ops *sysfs_ops;
};

struct kobject {
	const char *name;
	struct list_head entry;
	const struct kobj_type *ktype;
};

struct bin_attribute {
	struct attribute attr;
	u64 size;
	void *private;
	const void *read;
	const void *read_new; /* some kernels between 6.13 and 6.18 */
};

#include "guest/kernel/guestc-types-end.h"

extern struct kernfs_node *sysfs_root_kn;

#endif
