/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What file systems keep their mount options in (the .c files and headers of
 * fs/proc, devpts, ramfs, debugfs, tracefs, hugetlbfs, autofs, efivarfs, kernfs,
 * kernel/bpf, kernel/cgroup, include/linux/shmem_fs.h). */
#ifndef GUEST_PROC_TYPES_OPTIONS_H
#define GUEST_PROC_TYPES_OPTIONS_H

#include "guest/proc/types/cgroup.h"
#include "guest/proc/types/fs.h"
#include "guest/proc/types/pid.h"

#include "guest/kernel/guestc-types-begin.h"

struct file;

struct proc_fs_info {
	struct pid_namespace *pid_ns;
	kgid_t pid_gid;
	unsigned int hide_pid, pidonly;
};

struct shmem_quota_limits {
	u64 usrquota_bhardlimit, grpquota_bhardlimit, usrquota_ihardlimit, grpquota_ihardlimit;
};

struct shmem_sb_info {
	unsigned long max_blocks, max_inodes; /* pages, number */
	u16 mode;
	s8 huge;
	kuid_t uid;
	kgid_t gid;
	bool full_inums;
	bool noswap; /* from 6.4 */
	void *mpol;
	struct shmem_quota_limits qlimits; /* from 6.6, where configured */
};

struct pts_mount_opts {
	int setuid, setgid;
	kuid_t uid;
	kgid_t gid;
	u16 mode, ptmxmode;
	int max;
};

struct pts_fs_info {
	struct pts_mount_opts mount_opts;
};

struct ramfs_mount_opts {
	u16 mode;
};

struct ramfs_fs_info {
	struct ramfs_mount_opts mount_opts;
};

struct debugfs_mount_opts {
	kuid_t uid;
	kgid_t gid;
	u16 mode;
};

struct debugfs_fs_info {
	kuid_t uid; /* these three from 6.10 */
	kgid_t gid;
	u16 mode;
	struct debugfs_mount_opts mount_opts; /* before */
};

struct tracefs_mount_opts {
	kuid_t uid;
	kgid_t gid;
	u16 mode;
};

struct tracefs_fs_info {
	kuid_t uid; /* these three from 6.10 */
	kgid_t gid;
	u16 mode;
	struct tracefs_mount_opts mount_opts; /* before */
};

struct bpf_mount_opts {
	u64 delegate_cmds, delegate_maps, delegate_progs, delegate_attachs; /* from 6.9 */
};

struct hstate {
	unsigned int order;
};

struct hugepage_subpool {
	long max_hpages, min_hpages;
};

struct hugetlbfs_sb_info {
	kuid_t uid;
	kgid_t gid;
	u16 mode;
	long max_inodes;
	struct hstate *hstate;
	struct hugepage_subpool *spool;
};

struct efivarfs_mount_opts {
	kuid_t uid;
	kgid_t gid;
};

struct efivarfs_fs_info {
	struct efivarfs_mount_opts mount_opts;
};

struct autofs_sb_info {
	int pipefd, min_proto, max_proto;
	unsigned int type, flags;
	struct pid *oz_pgrp;
	unsigned long exp_timeout;
	struct file *pipe;
};

struct kernfs_root {
	struct kernfs_node *kn;
	const void *syscall_ops;
};

struct kernfs_super_info {
	struct kernfs_root *root;
};

#include "guest/kernel/guestc-types-end.h"

#endif
