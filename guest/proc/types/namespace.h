/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces (include/linux/nsproxy.h, and those of the kinds that have no
 * types of their own here). */
#ifndef GUEST_PROC_TYPES_NAMESPACE_H
#define GUEST_PROC_TYPES_NAMESPACE_H

#include "guest/proc/types/cred.h"
#include "guest/proc/types/dentry.h"
#include "guest/proc/types/net.h"
#include "guest/proc/types/pid.h"
#include "guest/proc/types/uts.h"

#include "guest/kernel/guestc-types-begin.h"

struct css_set;

struct ipc_ids {
	struct idr ipcs_idr;
};

struct ipc_namespace {
	struct ns_common ns;
	struct ipc_ids ids[3]; /* of semaphores, messages, memory */
};

struct cgroup_namespace {
	struct ns_common ns;
	struct css_set *root_cset;
};

struct timespec64 {
	s64 tv_sec;
	long tv_nsec;
};

struct timens_offsets {
	struct timespec64 monotonic, boottime;
};

struct time_namespace {
	struct ns_common ns;
	struct timens_offsets offsets;
};

struct mnt_namespace {
	struct ns_common ns;
	struct list_head list; /* before 6.8 */
	struct rb_root mounts; /* from 6.8 */
};

struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
	struct time_namespace *time_ns, *time_ns_for_children;
	struct cgroup_namespace *cgroup_ns;
};

#include "guest/kernel/guestc-types-end.h"

#endif
