/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mounts.guest.c and mount-options.guest.c share. Guest C. */
#ifndef GUEST_PROC_MOUNTS_H
#define GUEST_PROC_MOUNTS_H

#include "guest/kernel/guestc.h"
#include "guest/proc/path.h"
#include "guest/proc/rows.h"
#include "guest/proc/seq.h"
#include "guest/proc/tree.h"
#include "guest/proc/types/dentry.h"

struct mnt_namespace;

/* The mounts of a namespace, in the order of mountinfo. */
struct mount_walk {
	const struct mnt_namespace *namespace;
	struct tree_walk tree; /* from 6.8 */
	u64 last;
	const struct list_head *at; /* before */
	struct row_loop loop;
};

GUEST_C void mount_walk_start(struct mount_walk *walk, const struct mnt_namespace *namespace);
/* The next one; NULL: none is left. */
GUEST_C const struct mount *mount_walk_next(struct mount_walk *walk);

/* What sb->s_op->show_options() writes: the file system's own options, which
 * begin with ",". Where it isn't known here how a file system does it, the row
 * ends before them and the file is marked. */
GUEST_C void mount_options_show(struct seq *seq, const struct mount *mount);

/* The same for an overlay. The kernel's BTF must have its types (from 5.11 on). */
GUEST_C void overlay_options_show(struct seq *seq, const struct super_block *super);

/* The same for file systems on disks: ext4 and FAT. False where it is another, or the
 * kernel's types don't say how it keeps them. */
GUEST_C bool disk_options_show(struct seq *seq, const struct super_block *super);

/* The inode of the upper layer that an overlay's inode stands for, or the
 * overlay's own where there is none, or its types aren't known. */
GUEST_C const struct inode *overlay_inode_upper(const struct inode *inode);

/* What security_sb_show_options() writes. */
GUEST_C void mount_labels_show(struct seq *seq, const struct super_block *super);

/* Does the kernel write '#' as \043 in names and options (from 5.19)? */
GUEST_C const char *mount_escape(void);

#endif
