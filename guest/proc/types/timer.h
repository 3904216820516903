/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POSIX timers of a process (include/linux/posix-timers.h, signal_types.h). */
#ifndef GUEST_PROC_TYPES_TIMER_H
#define GUEST_PROC_TYPES_TIMER_H

#include "guest/proc/types/signal.h"

#include "guest/kernel/guestc-types-begin.h"

typedef union {
	int sival_int;
	void *sival_ptr;
} sigval_t;

/* uapi/asm-generic/siginfo.h */
typedef struct kernel_siginfo {
	int si_signo;
	union {
		struct {
			sigval_t _sigval;
		} _rt;
	} _sifields;
} kernel_siginfo_t;

struct sigqueue {
	kernel_siginfo_t info;
};

struct k_itimer {
	struct list_head list; /* an hlist_node from 6.12 */
	int it_clock, it_id, it_sigev_notify;
	struct pid *it_pid;
	struct sigqueue *sigq; /* before 6.13; then in the timer */
};

struct k_itimer___newer {
	struct hlist_node list;
	struct sigqueue sigq;
};

struct signal_struct___newer {
	struct hlist_head posix_timers;
};

#include "guest/kernel/guestc-types-end.h"

#endif
