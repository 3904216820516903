/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of files and where file systems are mounted (include/linux/dcache.h,
 * path.h, mount.h, fs/mount.h). */
#ifndef GUEST_PROC_TYPES_DENTRY_H
#define GUEST_PROC_TYPES_DENTRY_H

#include "guest/proc/types/fs.h"

#include "guest/kernel/guestc-types-begin.h"

struct qstr {
	u32 len;
	const unsigned char *name;
};

struct hlist_bl_node {
	struct hlist_bl_node *next, **pprev;
};

struct dentry_operations {
	const void *d_dname;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	const struct dentry_operations *d_op;
	struct super_block *d_sb;
	void *d_fsdata;
	unsigned char d_iname[1]; /* a short name, before 6.14 */
	struct list_head d_child, d_subdirs; /* before 6.8; then: */
	struct hlist_node d_sib;
	struct hlist_head d_children;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	int mnt_flags;
	void *mnt_userns; /* 5.12 to 6.2 */
	void *mnt_idmap; /* from 6.2 */
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct mnt_namespace;

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct list_head mnt_mounts, mnt_child; /* what is mounted below it */
	const char *mnt_devname;
	struct list_head mnt_list; /* before 6.8: in mnt_namespace.list */
	struct rb_node mnt_node; /* from 6.8: in mnt_namespace.mounts */
	struct list_head mnt_share;
	struct mount *mnt_master;
	struct mnt_namespace *mnt_ns;
	int mnt_id, mnt_group_id;
	void *mnt_fsnotify_marks;
	u64 mnt_id_unique; /* from 6.8 */
	int mnt_t_flags; /* from 6.17 */
};

#include "guest/kernel/guestc-types-end.h"

#endif
