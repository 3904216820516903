/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest C: time slices of kernels before 6.6, which keep none. */
#ifndef GUEST_ASK_SLICE_H
#define GUEST_ASK_SLICE_H

#include "guest/proc/types/time.h"

/* sched_slice() in nanoseconds: the task's share of its CPU's period, by what is there to run. */
GUEST_C u64 slice_computed(const struct task_struct *task, const struct rq *queue);

#endif
