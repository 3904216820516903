/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a pseudo file is about where one generator serves many paths: which
 * process, which thread, which descriptor. Filled in from the path that the
 * program named; every number is the program's, not the target's.
 *
 * A node's path may have these parts (guest/proc/nodes.h):
 *   [pid]   a process: decimal, without leading zeros, not 0
 *   [tid]   a thread, likewise
 *   [n]     any other number, 0 included: a file descriptor
 *   [*]     the rest of the path, whatever it is; only as the last part
 */
#ifndef GUEST_PROC_SUBJECT_H
#define GUEST_PROC_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/kernel/guest-call.h"

enum {
	/* Of what [*] stands for, with its NUL. */
	PROC_REST_SIZE_MAX = 256,
	/* No process of Linux has a higher number (include/linux/threads.h, PID_MAX_LIMIT). */
	PROC_PID_MAX = 4 << 20,
};

struct proc_subject {
	uint32_t pid; /* as the path says, in the view's PID namespace; 0: the path names none */
	uint32_t tid; /* 0: the path names none */
	uint32_t number; /* [n] */
	char rest[PROC_REST_SIZE_MAX]; /* [*]; "" where the path has none */
};

/* For generators: the subject of the file that is being made. */
GUEST_NATIVE uint32_t subject_pid(void);
GUEST_NATIVE uint32_t subject_tid(void);
GUEST_NATIVE uint32_t subject_number(void);
/* Copies `rest` with its NUL; `size` is PROC_REST_SIZE_MAX at least. */
GUEST_NATIVE void subject_rest(char *destination, uint64_t size);

/* The file is there, but can't be opened: the kernel says `error` (a Linux errno)
 * where open() or readlink() is asked. Followed by guest_fail(STATUS_MISSING, …);
 * without it that says ENOENT. */
GUEST_NATIVE void subject_refuse(uint32_t error);

/* The view that the user chose (guest/proc/view.h): where the target keeps the PID
 * namespace and the network namespace that the files show; 0: its initial ones. */
GUEST_NATIVE uint64_t subject_view_pid_space(void);
GUEST_NATIVE uint64_t subject_view_net(void);
/* Was the network namespace chosen by itself? Then it is ours, and so that of
 * /proc/self, wherever the process that we stand for lives. */
GUEST_NATIVE bool subject_view_net_is_chosen(void);

/* Is what lies in processes' own memory not to be shown (guest/proc/view.h)? */
GUEST_NATIVE bool subject_user_memory_is_barred(void);

#endif
