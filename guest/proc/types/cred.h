/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who a task is (include/linux/cred.h, user_namespace.h, sched/user.h). */
#ifndef GUEST_PROC_TYPES_CRED_H
#define GUEST_PROC_TYPES_CRED_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

struct user_namespace;

typedef struct {
	u32 val;
} kgid_t;

struct group_info {
	int ngroups;
	kgid_t gid[1];
};

struct user_struct {
	atomic_t sigpending; /* before 5.14 */
};

enum rlimit_type {
	UCOUNT_RLIMIT_SIGPENDING = 2, /* the target's value is asked for */
};

struct ucounts {
	struct user_namespace *ns;
	kuid_t uid;
	atomic_long_t rlimit[4]; /* by rlimit_type */
};

/* 64 bits; two words of 32 before 6.3, the low one first. Take its address. */
typedef struct {
	u64 val;
} kernel_cap_t;

struct cred {
	kuid_t uid, suid, euid, fsuid;
	kgid_t gid, sgid, egid, fsgid;
	kernel_cap_t cap_inheritable, cap_permitted, cap_effective, cap_bset, cap_ambient;
	void *security;
	struct user_struct *user;
	struct user_namespace *user_ns;
	struct ucounts *ucounts; /* from 5.14 */
	struct group_info *group_info;
};

struct uid_gid_extent {
	u32 first, lower_first, count;
};

struct uid_gid_map {
	u32 nr_extents;
	struct uid_gid_extent extent[5]; /* up to five of them here, more in an array: */
	struct uid_gid_extent *forward, *reverse;
};

struct user_namespace {
	struct ns_common ns;
	struct uid_gid_map uid_map, gid_map, projid_map;
	struct user_namespace *parent;
	int level;
	kuid_t owner;
	kgid_t group;
	unsigned long flags;
};

#include "guest/kernel/guestc-types-end.h"

extern struct user_namespace init_user_ns;

#endif
