/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel threads and workers of workqueues (kernel/kthread.c,
 * kernel/workqueue_internal.h, kernel/workqueue.c). */
#ifndef GUEST_PROC_TYPES_WORKQUEUE_H
#define GUEST_PROC_TYPES_WORKQUEUE_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

struct kthread {
	void *data;
	char *full_name; /* from 5.17; NULL: comm says it all */
};

struct workqueue_struct {
	char name[32];
};

struct workqueue_attrs {
	int nice;
};

struct worker_pool {
	int cpu, id;
	struct workqueue_attrs *attrs;
};

struct worker {
	void *current_work;
	struct worker_pool *pool;
	int id;
	char desc[32];
	struct workqueue_struct *rescue_wq;
};

#include "guest/kernel/guestc-types-end.h"

/* Functions. */
extern const char wq_worker_comm, format_worker_id;

#endif
