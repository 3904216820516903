/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What view.c asks view.guest.c. */
#ifndef GUEST_PROC_VIEW_QUESTION_H
#define GUEST_PROC_VIEW_QUESTION_H

#include "guest/proc/view.h"

struct view_question {
	struct proc_view view;
	/* The answers: where the target keeps them, 0: the initial one was asked for; and their inodes. */
	uint64_t pid_space, net;
	uint32_t pid_inode, net_inode;
	/* What no other one of this boot has, though it gets the same number and lies in the same place: when the first
	 * process began; the network's random number. */
	uint64_t pid_mark, net_mark;
	uint32_t lacks; /* enum view_lack */
};

enum view_lack {
	VIEW_LACKS_NOTHING,
	VIEW_LACKS_PID_SPACE,
	VIEW_LACKS_NET,
};

/* Guest C, run with guest_call() on a struct view_question. */
void view_question_run(void *question);

#endif
