/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel tells about each process by its number: the same program runs in
 * the guest and outside (tests/test_ask.py). A line for each number below the first
 * argument that any system call knows. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

enum { AFFINITY_SIZE = 128 };

static int errno_of(int result)
{
	return result < 0 ? errno : 0;
}

static void tell(pid_t pid)
{
	struct sched_param parameters = {0};
	struct timespec interval = {0};
	unsigned char affinity[AFFINITY_SIZE] = {0};
	int exists = errno_of(kill(pid, 0)), group = getpgid(pid), session = getsid(pid), priority, unknown;

	errno = 0;
	priority = getpriority(PRIO_PROCESS, (id_t)pid);
	unknown = errno;
	if (exists != 0 && unknown != 0 && group < 0)
		return;
	printf("%d kill %d group %d session %d priority %d/%d", pid, exists, group, session, priority, unknown);
	printf(" policy %d", sched_getscheduler(pid));
	printf(" parameters %d/%d", sched_getparam(pid, &parameters), parameters.sched_priority);
	printf(" affinity %d/%02x%02x", errno_of(sched_getaffinity(pid, AFFINITY_SIZE, (cpu_set_t *)affinity)),
	       affinity[0], affinity[1]);
	/* What it is depends on whether the CPU has anything to do. */
	printf(" interval %d\n", errno_of(sched_rr_get_interval(pid, &interval)));
}

/* By its number as a group's, a user's, a thread's; thread 1 of another group is nobody. */
static int tell_groups(int count)
{
	for (pid_t number = 2; number < count; number++) { /* kill(-1, 0) means everybody */
		int group = errno_of(kill(-number, 0)), thread = errno_of((int)syscall(SYS_tkill, number, 0));
		int own = errno_of((int)syscall(SYS_tgkill, number, number, 0));
		int other = errno_of((int)syscall(SYS_tgkill, 1, number, 0));

		errno = 0;
		int of_group = getpriority(PRIO_PGRP, (id_t)number), no_group = errno;
		errno = 0;
		int of_user = getpriority(PRIO_USER, (id_t)(number - 2)), no_user = errno;
		if (group != 0 && thread != 0 && no_group != 0 && no_user != 0)
			continue;
		printf("%d group %d thread %d/%d/%d priority %d/%d user %d/%d\n", number, group, thread, own, other,
		       of_group, no_group, of_user, no_user);
	}
	return 0;
}

static int tell_system(void)
{
	struct sysinfo info;

	if (sysinfo(&info) != 0)
		return 1;
	printf("uptime %ld\nload1 %lu\nload5 %lu\nload15 %lu\ntotal %lu\nfree %lu\nshared %lu\nbuffers %lu\n",
	       info.uptime, info.loads[0], info.loads[1], info.loads[2], info.totalram, info.freeram, info.sharedram,
	       info.bufferram);
	printf("swap %lu\nfreeswap %lu\nprocs %u\nhigh %lu\nfreehigh %lu\nunit %u\n", info.totalswap, info.freeswap,
	       info.procs, info.totalhigh, info.freehigh, info.mem_unit);
	return 0;
}

/* Which CPU a task is of: the 37th of what follows its name (proc(5)). */
static int cpu_of(pid_t pid)
{
	char path[64], text[1024] = "", *at;
	int cpu = -1;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return -1;
	size_t size = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[size] = '\0';
	at = strrchr(text, ')');
	for (int i = 0; at != NULL && i < 37; i++)
		at = strchr(at + 1, ' ');
	if (at != NULL)
		cpu = (int)strtol(at, NULL, 10);
	return cpu;
}

/* "PID CPU/NANOSECONDS" of the kernel's threads: they have no group. */
static int tell_slices(int count)
{
	for (pid_t pid = 1; pid < count; pid++) {
		struct timespec interval;

		if (getpgid(pid) == 0 && sched_rr_get_interval(pid, &interval) == 0)
			printf("%d %d/%lld\n", pid, cpu_of(pid), interval.tv_sec * 1000000000LL + interval.tv_nsec);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "slices") == 0)
		return tell_slices((int)strtol(argv[2], NULL, 10));
	if (argc > 2 && strcmp(argv[1], "groups") == 0)
		return tell_groups((int)strtol(argv[2], NULL, 10));
	if (argc > 1 && strcmp(argv[1], "system") == 0)
		return tell_system();
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 400;

	for (int pid = 1; pid < count; pid++)
		tell(pid);
	return 0;
}
