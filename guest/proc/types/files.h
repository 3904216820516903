/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open files of processes and where they stand in the tree
 * (include/linux/fdtable.h, fs_struct.h). */
#ifndef GUEST_PROC_TYPES_FILES_H
#define GUEST_PROC_TYPES_FILES_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/dentry.h"

#include "guest/kernel/guestc-types-begin.h"

struct file_operations {
	const void *show_fdinfo;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	struct address_space *f_mapping;
	unsigned int f_flags, f_mode;
	s64 f_pos;
	const struct file_operations *f_op;
	void *private_data;
};

/* A file of tmpfs, or shared memory. */
struct shmem_inode_info {
	unsigned long swapped;
	struct inode vfs_inode;
};

/* What a file of a stacked file system opens below (fs/file_table.c, from 6.5). */
struct backing_file {
	struct file file;
	struct path user_path;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
	unsigned long *close_on_exec, *open_fds, *full_fds_bits;
};

struct files_struct {
	struct fdtable *fdt;
	struct fdtable fdtab;
	struct file *fd_array[64];
};

struct fs_struct {
	int umask;
	struct path root, pwd;
};

#include "guest/kernel/guestc-types-end.h"

#endif
