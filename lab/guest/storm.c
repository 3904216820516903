/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A storm of forks, execs and exits, in the background and without an end. Prints its PID.
 * What each child is follows from its PID, so that a record made of two processes can be told:
 *
 *   name       "c" PID "-" (PID × 40503 mod 65536) in hexadecimal; "storm" at first
 *   user       1000 + PID mod 50000; group 2000 + PID mod 40000; 0 at first
 *   arguments  of one in four: "storm" "child" PID PID × 40503 mod 65536, after their exec; else the parent's
 *
 * PIDs only ever grow. The parent's own argument says which children there are: "A" oldest ":" newest " B" and
 * the same again. All from "oldest" to "newest" were started; none below is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/guest/fail.h"

enum {
	ALIVE = 64,
	FACTOR = 40503,
	NUMBER_WIDTH = 7,
};

static const char window[] = "A0000000:0000000 B0000000:0000000";
static const char highest[] = "4194304"; /* PID_MAX_LIMIT: none comes a second time */

void fail(const char *what)
{
	fprintf(stderr, "storm: %s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned check(int pid)
{
	return (unsigned)pid * FACTOR & 0xffff;
}

/* What a child is in the end. Some don't stay. */
__attribute__((noreturn)) static void be_child(void)
{
	int pid = getpid();
	char name[16];

	snprintf(name, sizeof name, "c%d-%04x", pid, check(pid));
	must(prctl(PR_SET_NAME, name), "PR_SET_NAME");
	gid_t group = 2000 + (gid_t)pid % 40000;
	must(setresgid(group, group, group), "setresgid");
	uid_t user = 1000 + (uid_t)pid % 50000;
	must(setresuid(user, user, user), "setresuid");
	if (pid % 8 < 2)
		_exit(0);
	for (;;)
		pause();
}

static void start_child(void)
{
	char number[16], sum[16];
	int pid = getpid();

	if (pid % 4 != 3)
		be_child();
	snprintf(number, sizeof number, "%d", pid);
	snprintf(sum, sizeof sum, "%u", check(pid));
	execl("/usr/bin/storm", "storm", "child", number, sum, NULL);
	fail("exec");
}

static void write_number(char *place, int number)
{
	for (int i = NUMBER_WIDTH - 1; i >= 0; i--, number /= 10)
		place[i] = (char)('0' + number % 10);
}

/* One copy after the other: who reads the same twice has read neither half. */
static void tell(char *argument, int oldest, int newest)
{
	static const size_t half = 2 * NUMBER_WIDTH + 3;

	for (char *at = argument; at <= argument + half; at += half) {
		write_number(at + 1, oldest);
		write_number(at + 2 + NUMBER_WIDTH, newest);
		atomic_thread_fence(memory_order_seq_cst);
	}
}

__attribute__((noreturn)) static void blow(char *argument)
{
	int alive[ALIVE] = {0};

	for (unsigned i = 0;; i++) {
		int *slot = &alive[i % ALIVE];

		if (*slot != 0) {
			must(kill(*slot, SIGKILL), "kill");
			must(waitpid(*slot, NULL, 0), "waitpid");
		}
		pid_t pid = must(fork(), "fork");
		if (pid == 0)
			start_child();
		*slot = pid;
		int oldest = alive[(i + 1) % ALIVE];
		tell(argument, oldest != 0 ? oldest : alive[0], pid);
	}
}

static void prepare(void)
{
	int file = must(open("/proc/sys/kernel/pid_max", O_WRONLY), "pid_max");

	must((int)write(file, highest, sizeof highest - 1), "pid_max");
	close(file);
	pid_t pid = must(fork(), "fork");
	if (pid != 0) {
		printf("%d\n", pid);
		exit(0);
	}
	must(setsid(), "setsid");
	int null = must(open("/dev/null", O_RDWR), "/dev/null");
	for (int fd = 0; fd <= 2; fd++)
		must(dup2(null, fd), "dup2");
	execl("/usr/bin/storm", "storm", window, NULL);
	fail("exec");
}

int main(int argc, char **argv)
{
	if (argc == 4)
		be_child();
	if (argc == 2 && strlen(argv[1]) == sizeof window - 1)
		blow(argv[1]);
	prepare();
}
