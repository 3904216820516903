/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inodes and the tree behind /proc (include/linux/fs.h, fs/proc/internal.h). */
#ifndef GUEST_PROC_TYPES_FS_H
#define GUEST_PROC_TYPES_FS_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/list.h"

#include "guest/kernel/guestc-types-begin.h"

struct inode {
	kuid_t i_uid;
	unsigned long i_ino;
};

struct proc_dir_entry {
	struct proc_dir_entry *parent;
	struct rb_root subdir;
	struct rb_node subdir_node;
	const char *name;
	u8 namelen;
};

#include "guest/kernel/guestc-types-end.h"

#endif
