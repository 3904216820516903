/* SPDX-License-Identifier: GPL-2.0-or-later */
/* btrfs (fs/btrfs/ctree.h, fs.h, volumes.h, btrfs_inode.h, uapi/linux/btrfs_tree.h). The types are in the BTF of
 * its module: ask type_exists(). */
#ifndef GUEST_PROC_TYPES_BTRFS_H
#define GUEST_PROC_TYPES_BTRFS_H

#include "guest/proc/types/dentry.h"

#include "guest/kernel/guestc-types-begin.h"

struct rcu_string { /* before 6.17 */
	char str[1];
};

struct btrfs_device {
	const void *name; /* a struct rcu_string where there is such a type, else a string */
	unsigned long dev_state;
};

struct btrfs_fs_devices {
	struct btrfs_device *latest_dev; /* from 5.16 */
};

struct btrfs_super_block { /* as on disk */
	u64 compat_ro_flags, cache_generation;
};

struct btrfs_fs_context { /* from 6.8 */
	u64 mount_opt;
};

struct btrfs_fs_info {
	u64 mount_opt, max_inline;
	u64 zone_size; /* 0: its disks have no zones */
	u32 compress_type : 32;
	u32 thread_pool_size, commit_interval, metadata_ratio;
	int compress_level;
	struct btrfs_super_block *super_copy;
	struct btrfs_fs_devices *fs_devices;
};

struct btrfs_key {
	u64 objectid;
};

struct btrfs_root {
	struct btrfs_key root_key;
	u32 anon_dev;
};

struct btrfs_inode {
	struct inode vfs_inode;
	struct btrfs_root *root;
};

#include "guest/kernel/guestc-types-end.h"

#endif
