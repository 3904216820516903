/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Overlay file systems (fs/overlayfs/ovl_entry.h). The types are in the BTF of a
 * module where it is one, which kernels have from 5.11 on: ask type_exists(). */
#ifndef GUEST_PROC_TYPES_OVERLAY_H
#define GUEST_PROC_TYPES_OVERLAY_H

#include "guest/proc/types/dentry.h"

#include "guest/kernel/guestc-types-begin.h"

struct ovl_config {
	char *lowerdir; /* before 6.5; then */
	char **lowerdirs;
	char *upperdir, *workdir;
	bool default_permissions, index, nfs_export, metacopy;
	bool userxattr; /* from 5.11 */
	bool ovl_volatile; /* 5.10 to 6.x; then fsync_mode */
	int xino;
	int redirect_mode; /* from 6.5; before, a string: */
	int verity_mode; /* from 6.6 */
	int fsync_mode;
	int uuid; /* from 6.6; before: */
};

struct ovl_config___old {
	const char *redirect_mode;
	bool uuid; /* from 5.12 or so */
};

struct ovl_fs {
	unsigned int numlayer, numdatalayer;
	int xino_mode;
	struct ovl_config config;
};

struct ovl_fs___old {
	struct ovl_config___old config;
};

struct ovl_inode {
	struct inode vfs_inode;
	struct dentry *__upperdentry;
};

#include "guest/kernel/guestc-types-end.h"

#endif
