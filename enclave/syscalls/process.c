/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls about the process itself: one process, one thread, root of
 * nothing but the target's files. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/random.h>
#include <sys/sysinfo.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>

#include "enclave/duty/duty.h"
#include "enclave/link/link.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/host.h"
#include "enclave/runtime/manifest.h"
#include "enclave/runtime/runtime.h"
#include "enclave/spawn/parent.h"
#include "enclave/spawn/spawn.h"
#include "enclave/syscalls/memory.h"
#include "enclave/syscalls/own.h"
#include "enclave/syscalls/syscalls.h"
#include "enclave/vfs/file.h"
#include "enclave/vfs/target.h"
#include "enclave/vfs/vfs.h"
#include "guest/ask/ask.h"

enum {
	SIGNAL_COUNT = 64,
	/* Kernel's struct sigaction: handler, flags, restorer, mask. */
	KERNEL_SIGACTION_SIZE = 32,
};

/* `signal_number` 0: by exit(). */
static _Noreturn void end(int code, int signal_number)
{
	target_end();
	memory_report_refused();
	if (code == 0 && runtime_fault_noted())
		code = EXIT_PARTIAL_EVIDENCE;
	duty_end(code);
	parent_end(signal_number != 0 ? signal_number : (code & 0xff) << 8);
	enclave_link_end();
	runtime_exit(code);
}

long call_exit(const long *a)
{
	end((int)a[0], 0);
}

long call_exit_group(const long *a)
{
	end((int)a[0], 0);
}

long call_wait4(const long *a)
{
	if (a[3] != 0)
		memset((void *)a[3], 0, sizeof(struct rusage));
	return spawn_wait(a[0], (int *)a[1], (int)a[2]);
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

/* For ourselves it means nothing; for others it would act on the target. */
long call_setpriority(const long *a)
{
	return a[0] == PRIO_PROCESS && (a[1] == 0 || a[1] == OWN_PID) ? 0 : syscall_refuse(SYS_setpriority, -EPERM);
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

long own_signal(long number)
{
	uint64_t handler;

	if (number < 0 || number > SIGNAL_COUNT)
		return -EINVAL;
	if (number == 0)
		return 0;
	memcpy(&handler, actions[number], sizeof handler);
	if (handler == (uint64_t)SIG_IGN || !ends_by_default((int)number))
		return 0;
	end(128 + (int)number, (int)number);
}

/* The two words of "CapEff:\t000001ffffffffff", lowest first; false where the line isn't there. */
static bool capability_line(const char *text, const char *name, uint32_t ret_words[2])
{
	const char *line = strstr(text, name);
	uint64_t value;

	if (line == NULL)
		return false;
	value = strtoull(line + strlen(name), NULL, 16);
	ret_words[0] = (uint32_t)value;
	ret_words[1] = (uint32_t)(value >> 32);
	return true;
}

/* Of a process of the target, as its /proc says. */
static long capabilities_of(int pid, struct __user_cap_data_struct data[2])
{
	uint32_t effective[2], permitted[2], inheritable[2];
	char path[32], text[4096];
	long fd, length;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	fd = vfs_open(AT_FDCWD, path, O_RDONLY);
	if (fd < 0)
		return fd == -ENOENT ? -ESRCH : fd;
	length = vfs_read((int)fd, text, sizeof text - 1, -1);
	(void)vfs_close((int)fd);
	if (length < 0)
		return length;
	text[length] = '\0';
	if (!capability_line(text, "\nCapEff:\t", effective) || !capability_line(text, "\nCapPrm:\t", permitted) ||
	    !capability_line(text, "\nCapInh:\t", inheritable))
		return -EIO;
	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct){effective[i], permitted[i], inheritable[i]};
	return 0;
}

/* Our own are root's, all of them (they open nothing here). */
long call_capget(const long *a)
{
	struct __user_cap_header_struct *header = (struct __user_cap_header_struct *)a[0];
	struct __user_cap_data_struct *data = (struct __user_cap_data_struct *)a[1];

	if (header->version != _LINUX_CAPABILITY_VERSION_3) {
		/* kernel/capability.c, cap_validate_magic(): older ones have one word of them. */
		header->version = _LINUX_CAPABILITY_VERSION_3;
		return data == NULL ? 0 : -EINVAL;
	}
	if (header->pid < 0)
		return -EINVAL;
	if (header->pid != 0 && header->pid != OWN_PID)
		return data == NULL ? -EFAULT : capabilities_of(header->pid, data);
	for (int i = 0; data != NULL && i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i] = (struct __user_cap_data_struct){.effective = UINT32_MAX, .permitted = UINT32_MAX};
	return 0;
}

/* Root's, as capget() says, with nothing given up and nothing handed on to programs. */
long call_prctl(const long *a)
{
	bool is_capability = a[1] >= 0 && a[1] <= CAP_LAST_CAP;

	switch (a[0]) {
	case PR_SET_NAME:
	case PR_SET_DUMPABLE:
	case PR_GET_SECUREBITS:
	case PR_GET_NO_NEW_PRIVS: return 0;
	case PR_CAPBSET_READ: return is_capability ? 1 : -EINVAL;
	case PR_CAP_AMBIENT: return a[1] == PR_CAP_AMBIENT_IS_SET && a[2] >= 0 && a[2] <= CAP_LAST_CAP ? 0 : -EINVAL;
	default: return -EINVAL;
	}
}

/* FS is musl's own affair (enclave/libc/set_thread_area.s). */
long call_arch_prctl(const long *a)
{
	return -EINVAL;
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
		return syscall_refuse(SYS_prlimit64, -EPERM);
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

static long system_of_target(struct sysinfo *info)
{
	struct guest_kernel *kernel;
	struct ask_system system;
	status result = target_kernel(&kernel);

	if (result == STATUS_OK)
		result = ask_system(kernel, &system);
	if (result != STATUS_OK)
		return target_refusal(result, "the system's totals");
	info->uptime = system.uptime_s;
	for (int i = 0; i < ASK_LOAD_COUNT; i++)
		info->loads[i] = system.loads[i];
	info->totalram = system.memory_size;
	info->freeram = system.free_size;
	info->sharedram = system.shared_size;
	info->bufferram = system.buffer_size;
	info->totalswap = system.swap_size;
	info->freeswap = system.free_swap_size;
	info->procs = (unsigned short)system.thread_count;
	info->mem_unit = 1;
	return 0;
}

long call_sysinfo(const long *a)
{
	struct sysinfo *info = (struct sysinfo *)a[0];

	memset(info, 0, sizeof *info);
	if (runtime_has_source() || runtime_has_link())
		return system_of_target(info);
	/* Of the image, not of the host, whose word would be needed. */
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
	vfs_epoch_end();
	return duty_sleep(duration) ? 0 : runtime_host_sleep(duration);
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
