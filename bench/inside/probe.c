/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a question about a process by its number takes inside, system call and all: probe COUNT asks each of the calls
 * below about every number from 1 up to COUNT, after once to attach. One JSON line: nanoseconds of one question, for
 * each call, and how many numbers the first found. COUNT times the calls stays below what one epoch answers
 * (enclave/vfs/epoch.c).
 */
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { NS_PER_S = 1000000000 };

static bool ask_kill(pid_t pid)
{
	return kill(pid, 0) == 0;
}

static bool ask_group(pid_t pid)
{
	return getpgid(pid) >= 0;
}

static bool ask_session(pid_t pid)
{
	return getsid(pid) >= 0;
}

static bool ask_priority(pid_t pid)
{
	return getpriority(PRIO_PROCESS, (id_t)pid) != -1;
}

static bool ask_policy(pid_t pid)
{
	return sched_getscheduler(pid) >= 0;
}

static bool ask_affinity(pid_t pid)
{
	cpu_set_t set;

	return sched_getaffinity(pid, sizeof set, &set) >= 0;
}

static const struct {
	const char *name;
	bool (*ask)(pid_t pid);
} calls[] = {
	{"kill", ask_kill},
	{"getpgid", ask_group},
	{"getsid", ask_session},
	{"getpriority", ask_priority},
	{"sched_getscheduler", ask_policy},
	{"sched_getaffinity", ask_affinity},
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * NS_PER_S + (double)time.tv_nsec;
}

static unsigned ask_all(bool (*ask)(pid_t pid), pid_t count)
{
	unsigned found = 0;

	for (pid_t pid = 1; pid < count; pid++)
		found += ask(pid);
	return found;
}

int main(int argc, char **argv)
{
	pid_t count = argc > 1 ? (pid_t)strtol(argv[1], NULL, 10) : 0;

	if (count < 2)
		return 2;
	unsigned found = ask_all(ask_kill, count);
	printf("{\"found\": %u", found);
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		double start = now();

		ask_all(calls[i].ask, count);
		printf(", \"%s\": %.1f", calls[i].name, (now() - start) / (count - 1));
	}
	printf("}\n");
	return 0;
}
