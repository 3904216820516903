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

/* The same for a file system that a program makes. False where it is another kind, or the kernel's types don't say how
 * it keeps them. */
GUEST_C bool fuse_options_show(struct seq *seq, const struct super_block *super);

/* btrfs, and is it one whose types the kernel's BTF has? What follows is for those. */
GUEST_C bool btrfs_is(const struct super_block *super);
GUEST_C bool btrfs_is_known(const struct super_block *super);
/* Options of a mount of it with this root, and what sb->s_op->show_devname() writes. */
GUEST_C void btrfs_options_show(struct seq *seq, const struct super_block *super, const struct dentry *root);
GUEST_C void btrfs_device_show(struct seq *seq, const struct super_block *super);
/* The device that stat() gives for an inode of it: each subvolume has one. Ends the boundary where the types are
 * missing. */
GUEST_C u32 btrfs_inode_device(const struct inode *inode);

/* The same for file systems on disks: ext4, FAT, xfs and squashfs. False where it is another, or the
 * kernel's types don't say how it keeps them. */
GUEST_C bool disk_options_show(struct seq *seq, const struct super_block *super);

/* The same for file systems for optical disks: iso9660 and udf. */
GUEST_C bool optical_options_show(struct seq *seq, const struct super_block *super);

/* The same for NFS, what sb->s_op->show_devname() writes for a mount of it, and what show_path() writes. */
GUEST_C bool nfs_options_show(struct seq *seq, const struct super_block *super);
GUEST_C bool nfs_device_show(struct seq *seq, const struct mount *mount);
GUEST_C bool nfs_root_show(struct seq *seq, const struct super_block *super);

/* Is it an xfs, or a btrfs, for which its show_stats() writes nothing? They tell of disks with zones. */
GUEST_C bool disk_lacks_statistics(const struct super_block *super);
GUEST_C bool btrfs_lacks_statistics(const struct super_block *super);

/* The inode of the upper layer that an overlay's inode stands for, or the
 * overlay's own where there is none, or its types aren't known. */
GUEST_C const struct inode *overlay_inode_upper(const struct inode *inode);

/* What security_sb_show_options() writes. */
GUEST_C void mount_labels_show(struct seq *seq, const struct super_block *super);

/* Does the kernel write '#' as \043 in names and options (from 5.19)? */
GUEST_C const char *mount_escape(void);

#endif
