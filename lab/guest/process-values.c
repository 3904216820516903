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

static void name(const char *text)
{
	must(prctl(PR_SET_NAME, text), "PR_SET_NAME");
}

static void make_directory(const char *path)
{
	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		must(-1, path);
}

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
	name("timers");
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

	name("deadline");
	if (syscall(SYS_sched_setattr, 0, &attributes, 0) != 0)
		zoo_lack("SCHED_DEADLINE");
}

static void batch(void)
{
	const struct sched_param none = {0};

	name("batch");
	must(sched_setscheduler(0, SCHED_BATCH, &none), "SCHED_BATCH");
}

static void idle(void)
{
	const struct sched_param none = {0};

	name("idle");
	must(sched_setscheduler(0, SCHED_IDLE, &none), "SCHED_IDLE");
}

static void old_personality(void)
{
	name("personality");
	must(personality(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC), "personality");
}

/* Every animal has a session of its own: it is a group of the scheduler, too. */
static void own_session(void)
{
	name("own session");
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
	name("mergeable");
	if (madvise(map_pages(), MERGEABLE_SIZE, MADV_MERGEABLE) != 0)
		zoo_lack("KSM");
}

static void merging_all(void)
{
	name("merging all");
	map_pages();
	if (prctl(MERGE_ALL, 1, 0, 0, 0) != 0)
		zoo_lack("PR_SET_MEMORY_MERGE");
}

static void locked(void)
{
	name("locked");
	must(mlock(map_pages(), MERGEABLE_SIZE), "mlock");
	must(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), "PR_SET_THP_DISABLE");
}

static void unspeculative(void)
{
	name("unspeculative");
	/* Where the CPU has the fault. */
	prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, PR_SPEC_DISABLE, 0, 0);
	prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, PR_SPEC_FORCE_DISABLE, 0, 0);
}

/* A hierarchy of version 1 with a name, and one with a controller. */
static void in_old_cgroup(void)
{
	name("in old cgroup");
	make_directory("/tmp/cgroup1");
	if (mount("cgroup", "/tmp/cgroup1", "cgroup", 0, "none,name=zoo") != 0) {
		zoo_lack("cgroup v1");
		return;
	}
	make_directory("/tmp/cgroup1/one");
	zoo_write("/tmp/cgroup1/one/cgroup.procs", "0");
	make_directory("/tmp/cgroup1f");
	if (mount("cgroup", "/tmp/cgroup1f", "cgroup", 0, "freezer") != 0)
		zoo_lack("the freezer of cgroup v1");
}

/* In a cgroup namespace of its own, out of which it has gone. */
static void outside_cgroup_namespace(void)
{
	name("cgroup namespace");
	make_directory("/tmp/cgroup2n");
	if (mount("cgroup2", "/tmp/cgroup2n", "cgroup2", 0, NULL) != 0) {
		zoo_lack("cgroup2");
		return;
	}
	make_directory("/tmp/cgroup2n/left");
	make_directory("/tmp/cgroup2n/other");
	zoo_write("/tmp/cgroup2n/left/cgroup.procs", "0");
	must(unshare(CLONE_NEWCGROUP), "CLONE_NEWCGROUP");
	zoo_write("/tmp/cgroup2n/other/cgroup.procs", "0");
}

/* A zombie whose cgroup has been removed. */
static void removed_cgroup(void)
{
	name("removed cgroup");
	make_directory("/tmp/cgroup2r");
	if (mount("cgroup2", "/tmp/cgroup2r", "cgroup2", 0, NULL) != 0) {
		zoo_lack("cgroup2");
		return;
	}
	make_directory("/tmp/cgroup2r/gone");
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
