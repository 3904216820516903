/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process can be: states, threads, names, rights, limits. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/guest/fail.h"
#include "lab/guest/processes.h"

enum {
	TESTER_UID = 1000,
	THREAD_COUNT = 3,
	LONG_ARGUMENT_SIZE = 6000,
	SETTLE_US = 50 * 1000,
};

static void zombie(void)
{
	zoo_name("zombie's parent");
	if (must(fork(), "fork") == 0)
		_exit(3);
	/* It is one as soon as nobody waits for it. */
	siginfo_t info;
	must(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), "waitid");
}

static void stopped(void)
{
	zoo_name("stopped");
	zoo_ready();
	raise(SIGSTOP);
}

__attribute__((noreturn)) static void *sleep_as(void *text)
{
	pthread_setname_np(pthread_self(), text);
	for (;;)
		pause();
}

static void threads(void)
{
	static char *const names[THREAD_COUNT] = {"thread one", "two (2)", "three\\\n"};
	pthread_t thread;

	zoo_name("threads");
	for (int i = 0; i < THREAD_COUNT; i++)
		if (pthread_create(&thread, NULL, sleep_as, names[i]) != 0)
			fail("pthread_create");
	usleep(SETTLE_US);
}

static void *stay_behind(void *unused)
{
	zoo_ready();
	sleep_as("left behind");
}

/* The leader has ended, its thread goes on: the group's leader is a zombie. */
static void dead_leader(void)
{
	pthread_t thread;

	zoo_name("dead leader");
	if (pthread_create(&thread, NULL, stay_behind, NULL) != 0)
		fail("pthread_create");
	pthread_exit(NULL);
}

/* In vfork(), its parent sleeps without being interruptible. */
static void vforked(void)
{
	zoo_name("in vfork");
	if (fork() == 0) {
		if (syscall(SYS_vfork) == 0)
			for (;;)
				pause();
		_exit(0);
	}
	usleep(SETTLE_US);
}

static void traced(void)
{
	pid_t child = must(fork(), "fork");
	int how;

	if (child == 0) {
		zoo_name("traced");
		must((int)ptrace(PTRACE_TRACEME, 0, NULL, NULL), "PTRACE_TRACEME");
		raise(SIGSTOP);
		_exit(0);
	}
	zoo_name("tracer");
	must(waitpid(child, &how, 0), "waitpid");
}

/* Held by its tracer in the middle of exec and of exit. */
static void held_at(unsigned long option, const char *what)
{
	pid_t child = must(fork(), "fork");
	int how;

	if (child == 0) {
		must((int)ptrace(PTRACE_TRACEME, 0, NULL, NULL), "PTRACE_TRACEME");
		zoo_name(what);
		raise(SIGSTOP);
		if (option == PTRACE_O_TRACEEXEC)
			execl("/bin/busybox", "sleep", "100000", NULL);
		_exit(7);
	}
	zoo_name("holder");
	must(waitpid(child, &how, 0), "waitpid");
	must((int)ptrace(PTRACE_SETOPTIONS, child, NULL, option), "PTRACE_SETOPTIONS");
	must((int)ptrace(PTRACE_CONT, child, NULL, 0), "PTRACE_CONT");
	must(waitpid(child, &how, 0), "waitpid");
}

static void in_exec(void)
{
	held_at(PTRACE_O_TRACEEXEC, "in exec");
}

static void in_exit(void)
{
	held_at(PTRACE_O_TRACEEXIT, "in exit");
}

/* ---- in the middle of exec and exit by the kernel's own doing, not held by a tracer */

__attribute__((noreturn)) static void *become_traced(void *unused)
{
	zoo_name("held thread");
	must((int)ptrace(PTRACE_TRACEME, 0, NULL, NULL), "PTRACE_TRACEME");
	must((int)syscall(SYS_tgkill, getpid(), gettid(), SIGSTOP), "tgkill");
	for (;;)
		pause();
}

static void exec_beside_thread(int go_on)
{
	pthread_t thread;
	char byte;

	zoo_name("exec waits");
	if (pthread_create(&thread, NULL, become_traced, NULL) != 0)
		fail("pthread_create");
	must((int)read(go_on, &byte, 1), "pipe");
	execl("/bin/busybox", "sleep", "100000", NULL);
	fail("exec");
}

/* It waits for a thread of its own to end (de_thread(), fs/exec.c), and a tracer holds that at its exit. */
static void exec_that_waits(void)
{
	int ends[2], how;

	zoo_name("holder");
	must(pipe2(ends, O_CLOEXEC), "pipe");
	if (must(fork(), "fork") == 0)
		exec_beside_thread(ends[0]);
	pid_t thread = must(waitpid(-1, &how, __WALL), "waitpid");
	must((int)ptrace(PTRACE_SETOPTIONS, thread, NULL, PTRACE_O_TRACEEXIT), "PTRACE_SETOPTIONS");
	must((int)ptrace(PTRACE_CONT, thread, NULL, 0), "PTRACE_CONT");
	must((int)write(ends[1], "g", 1), "pipe");
	must(waitpid(thread, &how, __WALL), "waitpid");
	usleep(SETTLE_US);
}

/* An argument lies in a page that nobody brings (copy_strings()). */
static void exec_that_reads(void)
{
	const size_t size = (size_t)sysconf(_SC_PAGESIZE);
	struct uffdio_api api = {.api = UFFD_API};

	zoo_name("exec reads");
	int faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	char *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (faults < 0 || page == MAP_FAILED || ioctl(faults, UFFDIO_API, &api) != 0) {
		zoo_lack("userfaultfd");
		return;
	}
	struct uffdio_register range = {.range = {(uintptr_t)page, size}, .mode = UFFDIO_REGISTER_MODE_MISSING};
	must(ioctl(faults, UFFDIO_REGISTER, &range), "UFFDIO_REGISTER");
	zoo_ready();
	execl("/bin/busybox", "sleep", page, NULL);
	fail("exec");
}

/* Process 1 of a PID namespace, which waits for all others in it (zap_pid_ns_processes(), kernel/pid_namespace.c):
 * it has no memory, files and namespaces any more. One of the others stays a zombie, as its parent is outside. */
static void exit_that_waits(void)
{
	zoo_name("keeps a zombie");
	must(unshare(CLONE_NEWPID), "unshare");
	pid_t first = must(fork(), "fork");
	if (first == 0)
		zoo_name("exit waits");
	else if (must(fork(), "fork") != 0) {
		usleep(SETTLE_US);
		must(kill(first, SIGKILL), "kill");
		usleep(SETTLE_US);
		return;
	}
	for (;;)
		pause();
}

/* ---- */

static void odd_name(void)
{
	zoo_name("a) R 1 (\t\\\n\xc3\xa4\x01");
}

static void long_command_line(void)
{
	char *argument = malloc(LONG_ARGUMENT_SIZE);

	if (argument == NULL)
		fail("malloc");
	memset(argument, 'x', LONG_ARGUMENT_SIZE - 1);
	argument[LONG_ARGUMENT_SIZE - 1] = '\0';
	zoo_ready();
	execl("/bin/busybox", "sh", "-c", "sleep 100000; true", argument, "", "two words", "new\nline", NULL);
	fail("exec");
}

/* As setproctitle() does: the text replaces argv's, without a NUL at its end. */
static void own_title(void)
{
	size_t size;
	char *line = zoo_command_line(&size);
	char title[] = "processes: a title that it gave itself";

	memset(line, 'T', size);
	memcpy(line, title, size < sizeof title - 1 ? size : sizeof title - 1);
}

static void no_arguments(void)
{
	char *none[] = {NULL}, *environment[] = {"ONLY=this", NULL};

	zoo_ready();
	/* From 5.18 on the kernel makes an empty argv[0] of it. */
	execve("/usr/bin/processes", none, environment);
	fail("exec");
}

static void other_user(void)
{
	const gid_t groups[] = {4, 1000, 65534};

	zoo_name("other user");
	must(setgroups(3, groups), "setgroups");
	must(setresgid(TESTER_UID, TESTER_UID, 5), "setresgid");
	must(setresuid(TESTER_UID, TESTER_UID, 0), "setresuid");
}

static void no_rights(void)
{
	struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {.len = 1, .filter = allow};

	zoo_name("no rights");
	prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN);
	must(setresuid(65534, 65534, 65534), "setresuid");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "seccomp");
	must(prctl(PR_SET_DUMPABLE, 0), "dumpable");
}

static void scheduled(void)
{
	const struct sched_param fifo = {.sched_priority = 7};

	zoo_name("real time");
	must(sched_setscheduler(0, SCHED_FIFO, &fifo), "sched_setscheduler");
}

static void nice_and_pinned(void)
{
	cpu_set_t cpus;

	zoo_name("nice, pinned");
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	must(sched_setaffinity(0, sizeof cpus, &cpus), "sched_setaffinity");
	must(setpriority(PRIO_PROCESS, 0, 13), "setpriority");
	zoo_write("/proc/self/oom_score_adj", "321");
	zoo_write("/proc/self/loginuid", "1000");
	zoo_write("/proc/self/coredump_filter", "0x7");
	zoo_write("/proc/self/timerslack_ns", "123456");
}

static void limited(void)
{
	const struct rlimit files = {100, 200}, memory = {1 << 30, RLIM_INFINITY};

	zoo_name("limited");
	must(setrlimit(RLIMIT_NOFILE, &files), "RLIMIT_NOFILE");
	must(setrlimit(RLIMIT_AS, &memory), "RLIMIT_AS");
}

static void on_signal(int number)
{
	(void)number;
}

static void signals(void)
{
	const struct sigaction caught = {.sa_handler = on_signal}, ignored = {.sa_handler = SIG_IGN};
	sigset_t blocked;

	zoo_name("signals");
	must(sigaction(SIGUSR1, &caught, NULL), "sigaction");
	must(sigaction(SIGHUP, &ignored, NULL), "sigaction");
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	sigaddset(&blocked, SIGRTMIN + 3);
	must(sigprocmask(SIG_BLOCK, &blocked, NULL), "sigprocmask");
	kill(getpid(), SIGUSR2);
	sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 1});
}

static void grandchildren(void)
{
	zoo_name("family");
	for (int i = 0; i < 2; i++)
		if (must(fork(), "fork") == 0) {
			if (fork() == 0)
				zoo_name("grandchild");
			for (;;)
				pause();
		}
	usleep(SETTLE_US);
}

/* Has used both kinds of time, so that the figures aren't all zero. */
static void worked(void)
{
	volatile unsigned long sum = 0;

	zoo_name("worked");
	for (unsigned long i = 0; i < 20000000; i++)
		sum += i;
	for (int i = 0; i < 20000; i++)
		syscall(SYS_getppid);
}

const struct animal animal_kinds[] = {
	{"zombie", zombie},
	{"stopped", stopped},
	{"threads", threads},
	{"dead leader", dead_leader},
	{"vfork", vforked},
	{"traced", traced},
	{"in exec", in_exec},
	{"in exit", in_exit},
	{"exec that waits", exec_that_waits},
	{"exec that reads", exec_that_reads},
	{"exit that waits", exit_that_waits},
	{"odd name", odd_name},
	{"long command line", long_command_line},
	{"own title", own_title},
	{"no arguments", no_arguments},
	{"other user", other_user},
	{"no rights", no_rights},
	{"real time", scheduled},
	{"nice", nice_and_pinned},
	{"limited", limited},
	{"signals", signals},
	{"family", grandchildren},
	{"worked", worked},
	{NULL, NULL},
};
