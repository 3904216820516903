/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The zoo: what files below /proc/PID show of timers, scheduling, groups, shared pages and time. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab/guest/fail.h"
#include "lab/guest/processes.h"

enum {
	MERGEABLE_SIZE = 64 << 12,
	MS_IN_NS = 1000 * 1000,
	POLICY_DEADLINE = 6, /* SCHED_DEADLINE */
	MERGE_ALL = 67, /* PR_SET_MEMORY_MERGE, from Linux 6.4 */
};

static void make_timer(clockid_t clock, int notify, int number)
{
	struct sigevent event = {.sigev_notify = notify, .sigev_signo = number};
	timer_t timer;

	event.sigev_value.sival_ptr = (void *)0x1234567;
	if (notify == SIGEV_THREAD_ID)
		event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
	must(timer_create(clock, &event, &timer), "timer_create");
}

static void timers(void)
{
	zoo_name("timers");
	make_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1);
	make_timer(CLOCK_REALTIME, SIGEV_THREAD_ID, SIGRTMIN + 1);
	make_timer(CLOCK_BOOTTIME, SIGEV_NONE, 0);
	make_timer(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, SIGALRM);
}

/* struct sched_attr, which not every libc has (include/uapi/linux/sched/types.h). */
struct scheduling {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static void deadline(void)
{
	struct scheduling attributes = {
		.size = sizeof attributes,
		.policy = POLICY_DEADLINE,
		.runtime = 10ULL * MS_IN_NS,
		.deadline = 30ULL * MS_IN_NS,
		.period = 100ULL * MS_IN_NS,
	};

	zoo_name("deadline");
	if (syscall(SYS_sched_setattr, 0, &attributes, 0) != 0)
		zoo_lack("SCHED_DEADLINE");
}

static void batch(void)
{
	const struct sched_param none = {0};

	zoo_name("batch");
	must(sched_setscheduler(0, SCHED_BATCH, &none), "SCHED_BATCH");
}

static void idle(void)
{
	const struct sched_param none = {0};

	zoo_name("idle");
	must(sched_setscheduler(0, SCHED_IDLE, &none), "SCHED_IDLE");
}

static void old_personality(void)
{
	zoo_name("personality");
	must(personality(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC), "personality");
}

/* Every animal has a session of its own: it is a group of the scheduler, too. */
static void own_session(void)
{
	zoo_name("own session");
	zoo_write("/proc/self/autogroup", "7");
}

static void *map_pages(void)
{
	void *pages = mmap(NULL, MERGEABLE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		must(-1, "mmap");
	memset(pages, 'x', MERGEABLE_SIZE);
	return pages;
}

static void mergeable(void)
{
	zoo_name("mergeable");
	if (madvise(map_pages(), MERGEABLE_SIZE, MADV_MERGEABLE) != 0)
		zoo_lack("KSM");
}

static void merging_all(void)
{
	zoo_name("merging all");
	map_pages();
	if (prctl(MERGE_ALL, 1, 0, 0, 0) != 0)
		zoo_lack("PR_SET_MEMORY_MERGE");
}

static void locked(void)
{
	zoo_name("locked");
	must(mlock(map_pages(), MERGEABLE_SIZE), "mlock");
	must(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), "PR_SET_THP_DISABLE");
}

static void unspeculative(void)
{
	zoo_name("unspeculative");
	/* Where the CPU has the fault. */
	prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, PR_SPEC_DISABLE, 0, 0);
	prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, PR_SPEC_FORCE_DISABLE, 0, 0);
}

/* A hierarchy of version 1 with a name, and one with a controller. */
static void in_old_cgroup(void)
{
	zoo_name("in old cgroup");
	zoo_directory("/tmp/cgroup1");
	if (mount("cgroup", "/tmp/cgroup1", "cgroup", 0, "none,name=zoo") != 0) {
		zoo_lack("cgroup v1");
		return;
	}
	zoo_directory("/tmp/cgroup1/one");
	zoo_write("/tmp/cgroup1/one/cgroup.procs", "0");
	zoo_directory("/tmp/cgroup1f");
	if (mount("cgroup", "/tmp/cgroup1f", "cgroup", 0, "freezer") != 0)
		zoo_lack("the freezer of cgroup v1");
}

/* A process that stays in the outer cgroup namespace moves its parent when that says so, and ends. */
static pid_t start_mover(int when, const char *to)
{
	char number[16], byte;

	snprintf(number, sizeof number, "%d", getpid());
	pid_t mover = must(fork(), "fork");
	if (mover != 0)
		return mover;
	must((int)read(when, &byte, 1), "read");
	zoo_write(to, number);
	_exit(0);
}

/* In a cgroup namespace of its own, out of which it was taken: by itself it may not go ("nsdelegate"). */
static void outside_cgroup_namespace(void)
{
	int ends[2];

	zoo_name("cgroup namespace");
	zoo_directory("/tmp/cgroup2n");
	if (zoo_mount_cgroup2("/tmp/cgroup2n") != 0) {
		zoo_lack("cgroup2");
		return;
	}
	zoo_directory("/tmp/cgroup2n/left");
	zoo_directory("/tmp/cgroup2n/other");
	zoo_write("/tmp/cgroup2n/left/cgroup.procs", "0");
	must(pipe2(ends, O_CLOEXEC), "pipe");
	pid_t mover = start_mover(ends[0], "/tmp/cgroup2n/other/cgroup.procs");
	must(unshare(CLONE_NEWCGROUP), "CLONE_NEWCGROUP");
	must((int)write(ends[1], "m", 1), "write");
	must(waitpid(mover, NULL, 0), "waitpid");
	close(ends[0]);
	close(ends[1]);
}

/* A zombie whose cgroup has been removed. */
static void removed_cgroup(void)
{
	zoo_name("removed cgroup");
	zoo_directory("/tmp/cgroup2r");
	if (zoo_mount_cgroup2("/tmp/cgroup2r") != 0) {
		zoo_lack("cgroup2");
		return;
	}
	zoo_directory("/tmp/cgroup2r/gone");
	if (must(fork(), "fork") == 0) {
		zoo_write("/tmp/cgroup2r/gone/cgroup.procs", "0");
		_exit(0);
	}
	siginfo_t info;
	must(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), "waitid");
	if (rmdir("/tmp/cgroup2r/gone") != 0)
		zoo_lack("removing the cgroup of a zombie");
}

const struct animal animal_values[] = {
	{"timers", timers},
	{"deadline", deadline},
	{"batch", batch},
	{"idle", idle},
	{"personality", old_personality},
	{"own session", own_session},
	{"mergeable", mergeable},
	{"merging all", merging_all},
	{"locked", locked},
	{"unspeculative", unspeculative},
	{"in old cgroup", in_old_cgroup},
	{"cgroup namespace", outside_cgroup_namespace},
	{"removed cgroup", removed_cgroup},
	{NULL, NULL},
};
