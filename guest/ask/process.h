/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What system calls tell about a process by its number. */
#ifndef GUEST_ASK_PROCESS_H
#define GUEST_ASK_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	/* 8192 CPUs (NR_CPUS_RANGE_END with MAXSMP, arch/x86/Kconfig). */
	ASK_AFFINITY_WORD_COUNT = 128,
};

enum ask_process_by {
	ASK_BY_NUMBER, /* a task, thread or process */
	ASK_BY_GROUP, /* any process of this process group */
};

/* Numbers are as the view's PID namespace shows them. */
struct ask_process {
	/* The question. */
	uint32_t by; /* enum ask_process_by */
	uint32_t number;
	bool with_details; /* everything below is_found too */
	/* The answer: not set where !is_found. */
	bool is_found;
	bool resets_on_fork; /* SCHED_RESET_ON_FORK */
	uint32_t group, session; /* 0: it has none any more (it is ending), or the view doesn't see it */
	uint32_t thread_group; /* of a thread: its process's number */
	int32_t nice;
	uint32_t policy, priority; /* SCHED_…, sched_param.sched_priority */
	uint64_t interval_ns; /* sched_rr_get_interval() */
	uint32_t affinity_size; /* bytes of `affinity`, a multiple of 8 */
	uint64_t affinity[ASK_AFFINITY_WORD_COUNT];
};

/* The best priority of a group's processes, or of those of a user that the view shows: getpriority(PRIO_PGRP),
 * getpriority(PRIO_USER). */
struct ask_priority {
	uint32_t group; /* 0: by user */
	uint32_t user;
	bool is_found;
	int32_t nice; /* the least of all */
};

/* Guest C, run with guest_call() on one of the structs. */
void ask_process_run(void *process);
void ask_priority_run(void *priority);

#endif
