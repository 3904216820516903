/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls about the process itself: one process, one thread, root of
 * nothing but the target's files. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/random.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>

#include "enclave/link/link.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/host.h"
#include "enclave/runtime/manifest.h"
#include "enclave/runtime/runtime.h"
#include "enclave/syscalls/memory.h"
#include "enclave/syscalls/syscalls.h"
#include "enclave/vfs/file.h"
#include "enclave/vfs/vfs.h"

enum {
	/* PID_MAX_LIMIT (include/linux/threads.h): the first number that no
	 * process of a Linux target can have, so that a program which leaves
	 * itself out of its list leaves out nobody else. */
	OWN_PID = 4 * 1024 * 1024,
	SIGNAL_COUNT = 64,
	/* Kernel's struct sigaction: handler, flags, restorer, mask. */
	KERNEL_SIGACTION_SIZE = 32,
};

static _Noreturn void end(int code)
{
	if (code == 0 && runtime_fault_noted())
		code = EXIT_PARTIAL_EVIDENCE;
	enclave_link_end();
	runtime_exit(code);
}

long call_exit(const long *a)
{
	end((int)a[0]);
}

long call_exit_group(const long *a)
{
	end((int)a[0]);
}

long call_getpid(const long *a)
{
	return OWN_PID;
}

long call_gettid(const long *a)
{
	return OWN_PID;
}

long call_set_tid_address(const long *a)
{
	return OWN_PID;
}

long call_getppid(const long *a)
{
	return 0; /* as a process whose parent is in another PID namespace */
}

long call_getpgrp(const long *a)
{
	return OWN_PID;
}

/* Of the target's processes nothing is known here yet: only our own. */
long call_getpgid(const long *a)
{
	return a[0] == 0 || a[0] == OWN_PID ? OWN_PID : -ESRCH;
}

long call_getsid(const long *a)
{
	return call_getpgid(a);
}

long call_umask(const long *a)
{
	static long mask = 022;
	long before = mask;

	mask = a[0] & 0777;
	return before;
}

/* Signals: handlers are remembered and never run, since a host that could run
 * them at will could steer the program. The program's own raise() of a signal
 * whose default is to end it ends it. */
static uint8_t actions[SIGNAL_COUNT + 1][KERNEL_SIGACTION_SIZE];

long call_rt_sigaction(const long *a)
{
	long number = a[0];

	if (number < 1 || number > SIGNAL_COUNT || a[3] != 8)
		return -EINVAL;
	if (a[1] != 0 && (number == SIGKILL || number == SIGSTOP))
		return -EINVAL;
	uint8_t before[KERNEL_SIGACTION_SIZE];
	memcpy(before, actions[number], sizeof before);
	if (a[1] != 0)
		memcpy(actions[number], (const void *)a[1], KERNEL_SIGACTION_SIZE);
	if (a[2] != 0)
		memcpy((void *)a[2], before, sizeof before);
	return 0;
}

long call_rt_sigprocmask(const long *a)
{
	static uint64_t mask;
	uint64_t before = mask, set;

	if (a[3] != 8)
		return -EINVAL;
	if (a[1] != 0) {
		memcpy(&set, (const void *)a[1], 8);
		switch (a[0]) {
		case SIG_BLOCK: mask |= set; break;
		case SIG_UNBLOCK: mask &= ~set; break;
		case SIG_SETMASK: mask = set; break;
		default: return -EINVAL;
		}
	}
	if (a[2] != 0)
		memcpy((void *)a[2], &before, 8);
	return 0;
}

long call_sigaltstack(const long *a)
{
	if (a[1] != 0)
		*(stack_t *)a[1] = (stack_t){.ss_flags = SS_DISABLE};
	return 0;
}

static bool ends_by_default(int number)
{
	return number != SIGCHLD && number != SIGURG && number != SIGWINCH && number != SIGCONT && number != SIGSTOP &&
	       number != SIGTSTP && number != SIGTTIN && number != SIGTTOU;
}

static long raise_signal(long number)
{
	uint64_t handler;

	if (number < 0 || number > SIGNAL_COUNT)
		return -EINVAL;
	if (number == 0)
		return 0;
	memcpy(&handler, actions[number], sizeof handler);
	if (handler == (uint64_t)SIG_IGN || !ends_by_default((int)number))
		return 0;
	end(128 + (int)number);
}

/* Signals to processes of the target don't leave here. */
long call_kill(const long *a)
{
	return a[0] == OWN_PID || a[0] == 0 ? raise_signal(a[1]) : -ESRCH;
}

long call_tkill(const long *a)
{
	return a[0] == OWN_PID ? raise_signal(a[1]) : -ESRCH;
}

long call_tgkill(const long *a)
{
	return a[0] == OWN_PID && a[1] == OWN_PID ? raise_signal(a[2]) : -ESRCH;
}

long call_prctl(const long *a)
{
	return a[0] == PR_SET_NAME || a[0] == PR_SET_DUMPABLE ? 0 : -EINVAL;
}

/* FS is musl's own affair (enclave/libc/set_thread_area.s). */
long call_arch_prctl(const long *a)
{
	return -EINVAL;
}

long call_sched_getaffinity(const long *a)
{
	if (a[1] < 8)
		return -EINVAL;
	memset((void *)a[2], 0, 8);
	*(uint8_t *)a[2] = 1; /* one thread, one CPU */
	return 8;
}

long call_getrandom(const long *a)
{
	size_t size = (size_t)a[1] < INT32_MAX ? (size_t)a[1] : INT32_MAX;

	if (a[2] & ~(GRND_NONBLOCK | GRND_RANDOM | 4 /* GRND_INSECURE */))
		return -EINVAL;
	return runtime_random((void *)a[0], size) ? (long)size : -EIO;
}

static void limit_of(long resource, struct rlimit *ret_limit)
{
	rlim_t limit = RLIM_INFINITY;

	if (resource == RLIMIT_NOFILE)
		limit = FILE_DESCRIPTOR_COUNT_MAX;
	else if (resource == RLIMIT_STACK)
		limit = runtime_stack_size();
	else if (resource == RLIMIT_AS || resource == RLIMIT_DATA)
		limit = memory_size();
	*ret_limit = (struct rlimit){.rlim_cur = limit, .rlim_max = limit};
}

long call_getrlimit(const long *a)
{
	if ((unsigned long)a[0] >= 16)
		return -EINVAL;
	limit_of(a[0], (struct rlimit *)a[1]);
	return 0;
}

long call_prlimit64(const long *a)
{
	if (a[0] != 0 && a[0] != OWN_PID)
		return -ESRCH;
	if ((unsigned long)a[1] >= 16)
		return -EINVAL;
	if (a[2] != 0)
		return -EPERM;
	if (a[3] != 0)
		limit_of(a[1], (struct rlimit *)a[3]);
	return 0;
}

long call_getrusage(const long *a)
{
	memset((void *)a[1], 0, sizeof(struct rusage));
	return 0;
}

long call_sysinfo(const long *a)
{
	struct sysinfo *info = (struct sysinfo *)a[0];

	/* Of the image, not of the host (whose word would be needed) nor of the
	 * target (which has /proc/meminfo). */
	memset(info, 0, sizeof *info);
	info->totalram = memory_size();
	info->freeram = memory_size() - memory_used_size();
	info->procs = 1;
	info->mem_unit = 1;
	return 0;
}

/* A line of the target's /proc/sys/kernel; false where it can't be had. */
static bool target_line(const char *path, char *destination, size_t size)
{
	long fd = vfs_open(AT_FDCWD, path, 0), length;

	if (fd < 0)
		return false;
	length = vfs_read((int)fd, destination, size - 1, -1);
	(void)vfs_close((int)fd);
	if (length <= 0)
		return false;
	destination[length] = '\0';
	destination[strcspn(destination, "\n")] = '\0';
	return true;
}

/* uname() is the target's: programs print it next to what they read there. */
long call_uname(const long *a)
{
	struct utsname *name = (struct utsname *)a[0];

	*name = (struct utsname){.sysname = "Linux", .nodename = "(none)", .machine = "x86_64"};
	if (!runtime_has_source() && !runtime_has_link())
		return 0;
	(void)target_line("/proc/sys/kernel/hostname", name->nodename, sizeof name->nodename);
	(void)target_line("/proc/sys/kernel/osrelease", name->release, sizeof name->release);
	(void)target_line("/proc/sys/kernel/version", name->version, sizeof name->version);
	return 0;
}

long call_clock_gettime(const long *a)
{
	return runtime_host_clock((clockid_t)a[0], (struct timespec *)a[1]);
}

long call_clock_getres(const long *a)
{
	if (a[0] < 0 || a[0] > CLOCK_BOOTTIME)
		return -EINVAL;
	if (a[1] != 0)
		*(struct timespec *)a[1] = (struct timespec){.tv_nsec = 1};
	return 0;
}

long call_gettimeofday(const long *a)
{
	struct timespec time;
	long result = runtime_host_clock(CLOCK_REALTIME, &time);

	if (result == 0 && a[0] != 0)
		*(struct timeval *)a[0] = (struct timeval){.tv_sec = time.tv_sec, .tv_usec = time.tv_nsec / 1000};
	return result;
}

long call_time(const long *a)
{
	struct timespec time;
	long result = runtime_host_clock(CLOCK_REALTIME, &time);

	if (result < 0)
		return result;
	if (a[0] != 0)
		*(time_t *)a[0] = time.tv_sec;
	return time.tv_sec;
}

long call_times(const long *a)
{
	struct timespec time;
	long result = runtime_host_clock(CLOCK_MONOTONIC, &time);

	if (result < 0)
		return result;
	if (a[0] != 0)
		memset((void *)a[0], 0, sizeof(struct tms));
	return time.tv_sec * 100 + time.tv_nsec / 10000000;
}

static long sleep_for(const struct timespec *duration)
{
	if (duration->tv_sec < 0 || duration->tv_nsec < 0 || duration->tv_nsec >= 1000000000)
		return -EINVAL;
	return runtime_host_sleep(duration);
}

long call_nanosleep(const long *a)
{
	return sleep_for((const struct timespec *)a[0]);
}

long call_clock_nanosleep(const long *a)
{
	struct timespec duration = *(const struct timespec *)a[2], now;
	long result;

	if (!(a[1] & TIMER_ABSTIME))
		return sleep_for(&duration);
	result = runtime_host_clock((clockid_t)a[0], &now);
	if (result < 0)
		return result;
	duration.tv_sec -= now.tv_sec;
	duration.tv_nsec -= now.tv_nsec;
	if (duration.tv_nsec < 0) {
		duration.tv_nsec += 1000000000;
		duration.tv_sec--;
	}
	return duration.tv_sec < 0 ? 0 : sleep_for(&duration);
}
