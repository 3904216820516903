/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls about processes by their numbers: those of the target, and our own. */
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/report.h"
#include "enclave/runtime/runtime.h"
#include "enclave/syscalls/own.h"
#include "enclave/syscalls/syscalls.h"
#include "enclave/vfs/target.h"
#include "guest/ask/ask.h"

enum {
	NICE_MAX = 20, /* getpriority() as a system call gives 20 − nice: 1 to 40 */
	POLICY_COUNT = 8,
	NS_PER_SECOND = 1000000000,
	REAL_TIME_PRIORITY_MAX = 99,
	SIGNAL_COUNT = 64,
	OWN_AFFINITY_SIZE = 8,
};

static bool is_own(long number)
{
	return number == 0 || number == OWN_PID;
}

/* The target's process, or thread, of this number: 0, -ESRCH, or -EIO where it can't be told. */
static long ask_about(long number, bool with_details, enum ask_process_by by, struct ask_process *ret_process)
{
	struct guest_kernel *kernel;

	/* Nobody has other numbers: PID_MAX_LIMIT. */
	if (number < 0 || number >= PROC_PID_MAX || (!runtime_has_source() && !runtime_has_link()))
		return -ESRCH;
	ret_process->by = (uint32_t)by;
	ret_process->number = (uint32_t)number;
	ret_process->with_details = with_details;
	status result = target_kernel(&kernel);
	if (result == STATUS_OK)
		result = ask_process(kernel, ret_process);
	if (result != STATUS_OK) {
		long error = target_refusal(result, "a process");

		return error < 0 ? error : -EIO; /* it is; clang's analyzer doesn't know */
	}
	return ret_process->is_found ? 0 : -ESRCH;
}

/* A process that exists was sent a signal: 0 asks for no more than that, any other would act on it. */
static long refuse_signal(long number, long signal)
{
	static bool said;

	if (signal == 0)
		return 0;
	if (!said)
		(void)!report(STATUS_DENIED,
			      "the program sent signal %ld to process %ld of the target, which is only watched", signal,
			      number);
	said = true;
	return -EPERM;
}

/* Does the process exist? Not: end it. */
static long probe(long number, enum ask_process_by by, long signal)
{
	struct ask_process process;
	long result = ask_about(number, false, by, &process);

	return result < 0 ? result : refuse_signal(number, signal);
}

long call_kill(const long *a)
{
	long number = (int)a[0], signal = (int)a[1];

	if (signal < 0 || signal > SIGNAL_COUNT)
		return -EINVAL;
	if (is_own(number))
		return own_signal(signal);
	if (number == -1)
		return probe(1, ASK_BY_NUMBER, signal);
	return number < 0 ? probe(-number, ASK_BY_GROUP, signal) : probe(number, ASK_BY_NUMBER, signal);
}

long call_tkill(const long *a)
{
	return (int)a[0] == OWN_PID ? own_signal((int)a[1]) : probe((int)a[0], ASK_BY_NUMBER, (int)a[1]);
}

long call_tgkill(const long *a)
{
	long group = (int)a[0], number = (int)a[1];
	struct ask_process process;

	if (group <= 0 || number <= 0)
		return -EINVAL;
	if (number == OWN_PID)
		return group == OWN_PID ? own_signal((int)a[2]) : -ESRCH;
	/* do_send_specific() (kernel/signal.c): a thread of another process is nobody. */
	long result = ask_about(number, true, ASK_BY_NUMBER, &process);
	if (result == 0 && process.thread_group != group)
		result = -ESRCH;
	return result < 0 ? result : refuse_signal(number, (int)a[2]);
}

long call_getpgid(const long *a)
{
	struct ask_process process;
	long result;

	if (is_own((int)a[0]))
		return OWN_PID;
	result = ask_about((int)a[0], true, ASK_BY_NUMBER, &process);
	return result < 0 ? result : (long)process.group;
}

long call_getsid(const long *a)
{
	struct ask_process process;
	long result;

	if (is_own((int)a[0]))
		return OWN_PID;
	result = ask_about((int)a[0], true, ASK_BY_NUMBER, &process);
	return result < 0 ? result : (long)process.session;
}

/* PRIO_PGRP and PRIO_USER: the best of all. */
static long best_priority(struct ask_priority *priority)
{
	struct guest_kernel *kernel;

	if (!runtime_has_source() && !runtime_has_link())
		return -ESRCH;
	status result = target_kernel(&kernel);
	if (result == STATUS_OK)
		result = ask_priority(kernel, priority);
	if (result != STATUS_OK)
		return target_refusal(result, "the priority of processes");
	return priority->is_found ? NICE_MAX - priority->nice : -ESRCH;
}

long call_getpriority(const long *a)
{
	struct ask_process process;
	long number = (int)a[1], result;

	switch (a[0]) {
	case PRIO_PROCESS: break;
	case PRIO_PGRP:
		return is_own(number) ? NICE_MAX : best_priority(&(struct ask_priority){.group = (uint32_t)number});
	case PRIO_USER: return best_priority(&(struct ask_priority){.user = (uint32_t)number});
	default: return -EINVAL;
	}
	if (is_own(number))
		return NICE_MAX;
	result = ask_about(number, true, ASK_BY_NUMBER, &process);
	return result < 0 ? result : NICE_MAX - process.nice;
}

long call_sched_getscheduler(const long *a)
{
	struct ask_process process;
	long result;

	if ((int)a[0] < 0)
		return -EINVAL;
	if (is_own((int)a[0]))
		return SCHED_OTHER;
	result = ask_about((int)a[0], true, ASK_BY_NUMBER, &process);
	return result < 0 ? result : (long)(process.policy | (process.resets_on_fork ? SCHED_RESET_ON_FORK : 0));
}

long call_sched_getparam(const long *a)
{
	struct ask_process process = {0};
	long result = 0;

	if ((int)a[0] < 0 || a[1] == 0)
		return -EINVAL;
	if (!is_own((int)a[0]))
		result = ask_about((int)a[0], true, ASK_BY_NUMBER, &process);
	/* The kernel's struct has this one member. */
	if (result == 0)
		*(int *)a[1] = (int)process.priority;
	return result;
}

long call_sched_getaffinity(const long *a)
{
	struct ask_process process = {.affinity_size = OWN_AFFINITY_SIZE, .affinity = {1}}; /* one thread, one CPU */
	long result = 0;

	if (!is_own((int)a[0]))
		result = ask_about((int)a[0], true, ASK_BY_NUMBER, &process);
	if (result < 0)
		return result;
	if ((unsigned long)a[1] < process.affinity_size || a[1] % 8 != 0)
		return -EINVAL;
	memcpy((void *)a[2], process.affinity, process.affinity_size);
	return process.affinity_size;
}

long call_sched_rr_get_interval(const long *a)
{
	struct ask_process process = {0};
	long result = 0;

	if ((int)a[0] < 0)
		return -EINVAL;
	if (!is_own((int)a[0]))
		result = ask_about((int)a[0], true, ASK_BY_NUMBER, &process);
	if (result < 0)
		return result;
	*(struct timespec *)a[1] = (struct timespec){.tv_sec = (time_t)(process.interval_ns / NS_PER_SECOND),
						     .tv_nsec = (long)(process.interval_ns % NS_PER_SECOND)};
	return 0;
}

/* The same on every Linux (kernel/sched/syscalls.c). */
long call_sched_get_priority_max(const long *a)
{
	if (a[0] < 0 || a[0] >= POLICY_COUNT || a[0] == 4)
		return -EINVAL;
	return a[0] == SCHED_FIFO || a[0] == SCHED_RR ? REAL_TIME_PRIORITY_MAX : 0;
}

long call_sched_get_priority_min(const long *a)
{
	if (a[0] < 0 || a[0] >= POLICY_COUNT || a[0] == 4)
		return -EINVAL;
	return a[0] == SCHED_FIFO || a[0] == SCHED_RR ? 1 : 0;
}
