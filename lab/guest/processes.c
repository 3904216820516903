/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts processes of every kind that can be held, and leaves them in the
 * background: what /proc/PID is compared over. With --many N, N plain ones.
 */
#include "lab/guest/processes.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/guest/fail.h"

enum {
	COUNT_MAX = 30000,
	/* A process that is to be a zombie has no other way to say so. */
	SETTLE_US = 200 * 1000,
};

static int ready_fd = -1;
static char *command_line;
static size_t command_line_size;

void fail(const char *what)
{
	fprintf(stderr, "processes: %s: %s\n", what, strerror(errno));
	exit(1);
}

void zoo_lack(const char *what)
{
	fprintf(stderr, "processes: this kernel has no %s (%s)\n", what, strerror(errno));
}

void zoo_ready(void)
{
	must((int)write(ready_fd, "r", 1), "pipe");
	close(ready_fd);
	ready_fd = -1;
}

void zoo_stay(void)
{
	if (ready_fd >= 0)
		zoo_ready();
	for (;;)
		pause();
}

void zoo_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		zoo_lack(path);
	if (fd >= 0)
		close(fd);
}

void zoo_name(const char *name)
{
	must(prctl(PR_SET_NAME, name), "PR_SET_NAME");
}

void zoo_directory(const char *path)
{
	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		fail(path);
}

void zoo_private_mounts(void)
{
	must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
}

void zoo_leave_mounts(void)
{
	must(unshare(CLONE_NEWNS), "unshare");
	zoo_private_mounts();
}

int zoo_mount_cgroup2(const char *path)
{
	return mount("cgroup2", path, "cgroup2", 0, ZOO_CGROUP2_OPTIONS);
}

char *zoo_command_line(size_t *ret_size)
{
	*ret_size = command_line_size;
	return command_line;
}

/* Nothing of what the keeper was started with stays open below. */
static void settle(void)
{
	int null = must(open("/dev/null", O_RDWR), "/dev/null");

	for (int fd = 0; fd <= 2; fd++)
		must(dup2(null, fd), "dup2");
	if (null > 2)
		close(null);
	must(setsid() < 0 ? -1 : 0, "setsid");
}

static void start(const struct animal *animal)
{
	int ends[2];
	char byte;

	must(pipe2(ends, O_CLOEXEC), "pipe");
	pid_t pid = must(fork(), "fork");
	if (pid == 0) {
		close(ends[0]);
		ready_fd = ends[1];
		int said = must(dup(2), "dup");
		settle();
		must(dup2(said, 2), "dup2");
		close(said);
		animal->run();
		zoo_stay();
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1)
		fprintf(stderr, "processes: \"%s\" ended before it was ready\n", animal->name);
	close(ends[0]);
}

static void start_many(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		pid_t pid = must(fork(), "fork");

		if (pid == 0) {
			settle();
			for (;;)
				pause();
		}
	}
}

struct wanted {
	unsigned int count;
	bool is_watcher;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct wanted *wanted = state->input;
	char *end;

	wanted->is_watcher |= key == 'w';
	if (key != 'm')
		return key == 'w' ? 0 : ARGP_ERR_UNKNOWN;
	unsigned long count = strtoul(argument, &end, 10);
	if (*end != '\0' || count == 0 || count > COUNT_MAX)
		argp_error(state, "a number from 1 to %d is needed", COUNT_MAX);
	wanted->count = (unsigned int)count;
	return 0;
}

static void start_all(const struct animal *animals)
{
	for (; animals->run != NULL; animals++)
		start(animals);
}

int main(int argc, char **argv)
{
	static const struct argp_option options[] = {{"many", 'm', "N", 0, "N plain processes instead of the zoo", 0},
						     {"watcher", 'w', NULL, 0, "What watches by fanotify instead", 0},
						     {0}};
	static const struct argp argp = {options, parse_option, NULL, "Start processes of every kind.",
					 NULL,	  NULL,		NULL};
	struct wanted wanted = {0};

	/* The animal without arguments. */
	if (argc == 0 || argv[0][0] == '\0')
		for (;;)
			pause();
	argp_parse(&argp, argc, argv, 0, NULL, &wanted);
	/* argv's strings and the environment's lie one behind the other (fs/binfmt_elf.c). */
	command_line = argv[0];
	command_line_size = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) + 1 - argv[0]);
	fflush(NULL);
	/* Who keeps them isn't their parent: that is the guest's init then, but for those whose
	 * parent is part of what they are. */
	pid_t keeper = must(fork(), "fork");
	if (keeper != 0) {
		must(waitpid(keeper, NULL, 0), "waitpid");
		return 0;
	}
	if (wanted.count != 0) {
		start_many(wanted.count);
	} else if (wanted.is_watcher) {
		start_all(animal_watchers);
	} else {
		start_all(animal_kinds);
		start_all(animal_places);
		start_all(animal_inits);
		start_all(animal_values);
		usleep(SETTLE_US);
	}
	_exit(0);
}
