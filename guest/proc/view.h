/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As whom the files are read: as a process in another PID namespace, or in another
 * network namespace, than the target's first process is in.
 *
 * What the user names is looked for at the start of each epoch; what was found the
 * first time, a namespace by its inode number, is what is looked for from then
 * on, until the target boots again: a process that was named may end. A later namespace with
 * the same number isn't taken for it.
 */
#ifndef GUEST_PROC_VIEW_H
#define GUEST_PROC_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct guest_kernel;

enum {
	/* Of a name below /run/netns, with its NUL: NAME_MAX + 1. */
	PROC_VIEW_NAME_SIZE = 256,
	/* Numbers of namespaces' inodes start here (include/linux/proc_ns.h, PROC_DYNAMIC_FIRST), and the
	 * initial ones' lie just below: PROC_IPC_INIT_INO is 0xefffffff. Processes' are far below. */
	PROC_VIEW_INODE_MIN = 0xe0000000,
};

enum proc_view_kind {
	PROC_VIEW_INITIAL, /* as the target's first process */
	PROC_VIEW_OF_PROCESS, /* that `number` lives in, a process of the initial PID namespace */
	PROC_VIEW_OF_INODE, /* whose inode has this number: what /proc/PID/ns shows in brackets */
	PROC_VIEW_OF_NAME, /* network only: what is mounted at /run/netns/NAME, where `ip netns` does it */
};

struct proc_view_choice {
	uint32_t kind; /* enum proc_view_kind */
	uint32_t number;
	char name[PROC_VIEW_NAME_SIZE];
};

struct proc_view {
	struct proc_view_choice pid, net;
};

/* May files show what lies in processes' own memory (command lines, environments)? They may until something else is
 * said. Where not, they say so instead. */
void proc_user_memory_allow(bool is_allowed);

/* Show the files so, from now to the end of the epoch. A PID namespace brings its
 * first process's other namespaces with it: that process is who reads.
 * STATUS_USAGE: the target has no such process, namespace or name (any more);
 * STATUS_MALFORMED and others as proc_text_init(). All but STATUS_GONE are reported. */
MUST_USE status proc_view_enter(struct guest_kernel *kernel, const struct proc_view *view);

/* What the words of the command line mean: PID, INODE, KIND:[INODE], and with
 * `kind` "net" a NAME. STATUS_USAGE: reported with `option`. */
MUST_USE status proc_view_parse(const char *option, const char *kind, const char *word,
				struct proc_view_choice *ret_choice);

#endif
