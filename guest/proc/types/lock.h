/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locks of files (include/linux/filelock.h, before 6.3 fs.h; fs/locks.c). */
#ifndef GUEST_PROC_TYPES_LOCK_H
#define GUEST_PROC_TYPES_LOCK_H

#include "guest/proc/types/files.h"

#include "guest/kernel/guestc-types-begin.h"

/* What all kinds share, from 6.9 on. */
struct file_lock_core {
	struct file_lock_core *flc_blocker;
	struct list_head flc_list;
	struct hlist_node flc_link;
	struct list_head flc_blocked_requests, flc_blocked_member;
	void *flc_owner;
	unsigned int flc_flags;
	unsigned char flc_type;
	u32 flc_pid;
	struct file *flc_file;
};

struct file_lock {
	struct file_lock_core c; /* from 6.9; before, these: */
	struct file_lock *fl_blocker;
	struct list_head fl_list;
	struct hlist_node fl_link;
	struct list_head fl_blocked_requests, fl_blocked_member;
	void *fl_owner;
	unsigned int fl_flags;
	unsigned char fl_type;
	u32 fl_pid;
	struct file *fl_file;
	s64 fl_start, fl_end;
};

struct file_lock_context {
	struct list_head flc_flock, flc_posix, flc_lease;
};

/* Per CPU. */
struct file_lock_list_struct {
	struct hlist_head hlist;
};

#include "guest/kernel/guestc-types-end.h"

#endif
