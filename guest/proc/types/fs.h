/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inodes, file systems and the tree behind /proc (include/linux/fs.h,
 * fs/proc/internal.h). */
#ifndef GUEST_PROC_TYPES_FS_H
#define GUEST_PROC_TYPES_FS_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/cred.h"
#include "guest/proc/types/list.h"

#include "guest/kernel/guestc-types-begin.h"

struct dentry;
struct file_lock_context;
struct super_block;
struct user_namespace;

struct address_space_operations;

struct address_space {
	struct inode *host;
	unsigned long nrpages, flags;
	atomic_t nr_thps; /* 5.4 to 7.1, where files without support get large pages */
	const struct address_space_operations *a_ops;
};

struct inode_operations {
	const void *lookup;
};

struct inode {
	u16 i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	unsigned int i_nlink;
	unsigned long i_ino;
	unsigned int i_flags;
	atomic_t i_writecount;
	u32 i_rdev;
	s64 i_size;
	const struct inode_operations *i_op;
	struct super_block *i_sb;
	struct file_lock_context *i_flctx; /* NULL: it never had a lock */
	struct list_head i_sb_list;
	struct address_space *i_mapping;
	u32 i_generation;
	void *i_fsnotify_marks;
	const char *i_link; /* of a short symbolic link: its target */
	void *i_private;
};

struct file_system_type {
	const char *name;
	int fs_flags;
	struct hlist_head fs_supers;
	struct file_system_type *next; /* before 7.2; then in a list: */
	struct hlist_node list;
};

struct super_operations {
	const void *show_options, *show_devname, *show_path, *show_stats;
};

struct super_block {
	u32 s_dev;
	void *s_fsnotify_marks; /* before 6.10 */
	struct list_head s_list; /* in super_blocks */
	struct file_system_type *s_type;
	const struct super_operations *s_op;
	const void *s_export_op;
	struct list_head s_inodes;
	struct hlist_node s_instances; /* in file_system_type.fs_supers */
	unsigned long s_flags;
	struct dentry *s_root;
	void *s_fs_info, *s_security;
	const char *s_subtype;
	struct user_namespace *s_user_ns;
	unsigned char s_blocksize_bits;
	void *s_bdev; /* NULL: it isn't on a disk */
	char s_id[32];
};

struct proc_dir_entry {
	struct proc_dir_entry *parent;
	struct rb_root subdir;
	struct rb_node subdir_node;
	const char *name;
	u8 namelen;
	u16 mode;
	unsigned int low_ino, nlink;
	s64 size;
	kuid_t uid;
	kgid_t gid;
};

#include "guest/kernel/guestc-types-end.h"

#endif
