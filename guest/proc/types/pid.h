/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers of tasks and the namespaces that they belong to (include/linux/pid.h,
 * pid_namespace.h, idr.h). */
#ifndef GUEST_PROC_TYPES_PID_H
#define GUEST_PROC_TYPES_PID_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/xarray.h"

#include "guest/kernel/guestc-types-begin.h"

struct pid_namespace;
struct task_struct;
struct user_namespace;

enum pid_type {
	PIDTYPE_PID,
	PIDTYPE_TGID,
	PIDTYPE_PGID,
	PIDTYPE_SID,
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct hlist_head tasks[4]; /* by pid_type, through task_struct.pid_links[] */
	struct upid numbers[1]; /* level + 1 */
};

struct idr {
	struct xarray idr_rt;
	unsigned int idr_base, idr_next;
};

struct pid_namespace {
	struct ns_common ns;
	struct idr idr; /* struct pid by number */
	unsigned int pid_allocated, level;
	struct pid_namespace *parent;
	struct task_struct *child_reaper;
	struct user_namespace *user_ns;
};

#include "guest/kernel/guestc-types-end.h"

extern struct pid_namespace init_pid_ns;

#endif
