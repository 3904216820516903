/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File systems that programs make (fs/fuse/fuse_i.h, fuse_dev_i.h). The types are in the BTF of a module where it is
 * one: ask type_exists(). */
#ifndef GUEST_PROC_TYPES_FUSE_H
#define GUEST_PROC_TYPES_FUSE_H

#include "guest/proc/types/cred.h"

#include "guest/kernel/guestc-types-begin.h"

struct fuse_conn {
	u32 dev; /* of its file system */
	struct user_namespace *user_ns;
	kuid_t user_id;
	kgid_t group_id;
	u32 legacy_opts_show : 32, default_permissions : 32, allow_other : 32;
	unsigned int max_read;
	void *dax; /* where CONFIG_FUSE_DAX is set; from 5.16: */
	u32 dax_mode : 32;
};

struct fuse_chan {
	struct fuse_conn *conn;
};

/* An open /dev/fuse; NULL, or 1: it has no file system. */
struct fuse_dev {
	struct fuse_conn *fc; /* before 7.1 or so; then: */
	struct fuse_chan *chan;
};

struct fuse_mount {
	struct fuse_conn *fc;
};

#include "guest/kernel/guestc-types-end.h"

#endif
