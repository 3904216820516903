/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"

enum {
	/* Then it is killed: it holds nothing that must be kept. */
	END_WAIT_MS = 2000,
	EXIT_NOT_STARTED = 127,
	LOG_SIZE_MAX = 16 * 1024, /* of which the beginning is shown */
};

static status find_program(const char *name, char path[PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	if (length <= 0)
		return report(STATUS_IO, "/proc/self/exe can't be read: %m");
	self[length] = '\0';
	if ((size_t)snprintf(path, PATH_MAX, "%s/%s", dirname(self), name) >= PATH_MAX || access(path, X_OK) != 0)
		return report(STATUS_MISSING,
			      "there is no %s beside this program: run `make build`, or give the "
			      "sockets of running ones (--agent, --grantor)",
			      name);
	return STATUS_OK;
}

/* To `wanted`, without close-on-exec. Both may be the same. */
static void place_descriptor(int file, int wanted)
{
	if (file == wanted)
		fcntl(file, F_SETFD, 0);
	else
		dup2(file, wanted);
}

/* In the child. */
static _Noreturn void become(const char *path, const struct child *child, const char *const *arguments, int pipe_end,
			     int listener, pid_t parent)
{
	const char *argv[CHILD_ARGUMENT_COUNT_MAX + 2] = {child->name};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	for (size_t i = 0; i < CHILD_ARGUMENT_COUNT_MAX && arguments[i] != NULL; i++)
		argv[i + 1] = arguments[i];
	/* Out of the way first: the wanted numbers may be taken by each other. */
	int log = fcntl(child->log, F_DUPFD_CLOEXEC, 16);
	pipe_end = fcntl(pipe_end, F_DUPFD_CLOEXEC, 16);
	if (listener >= 0)
		listener = fcntl(listener, F_DUPFD_CLOEXEC, 16);
	if (null < 0 || log < 0 || pipe_end < 0)
		_exit(EXIT_NOT_STARTED);
	place_descriptor(null, STDIN_FILENO);
	place_descriptor(null, STDOUT_FILENO);
	place_descriptor(log, STDERR_FILENO);
	place_descriptor(pipe_end, CHILD_PARENT_FD);
	if (listener >= 0)
		place_descriptor(listener, CHILD_LISTENER_FD);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setenv("JOURNAL_STREAM", "0:0", 1); /* priorities before its lines, please */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* Too late for that signal? */
	if (getppid() == parent)
		execv(path, (char *const *)argv);
	_exit(EXIT_NOT_STARTED);
}

status child_start(struct child *child, const char *name, const char *const *arguments, int listener)
{
	char path[PATH_MAX];
	int ends[2];
	pid_t parent = getpid();

	struct child new = {.name = name, .log = memfd_create(name, MFD_CLOEXEC)};

	TRY(find_program(name, path));
	if (new.log < 0 || pipe2(ends, O_CLOEXEC) != 0)
		return report(STATUS_IO, "no descriptors for %s: %m", name);
	new.pipe = ends[1];
	new.pid = fork();
	if (new.pid == 0)
		become(path, &new, arguments, ends[0], listener, parent);
	close(ends[0]);
	if (new.pid < 0) {
		close(new.pipe);
		close(new.log);
		return report(STATUS_IO, "no process for %s: %m", name);
	}
	*child = new;
	return STATUS_OK;
}

int child_exit_code(const struct child *child)
{
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_code != CLD_EXITED)
		return -1;
	return info.si_status;
}

/* "<4>words": a warning. What it says of options that we gave is no news. */
static bool is_warning(const char *line)
{
	return strncmp(line, "<4>", 3) == 0 && strstr(line, ": --insecure-") == NULL;
}

void child_print_log(const struct child *child, bool only_warnings)
{
	char text[LOG_SIZE_MAX + 1];
	ssize_t size = child->pid != 0 ? pread(child->log, text, LOG_SIZE_MAX, 0) : 0;
	char *rest = text;

	text[size > 0 ? size : 0] = '\0';
	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
		bool has_priority = line[0] == '<' && line[1] != '\0' && line[2] == '>';

		if (line[0] != '\0' && (!only_warnings || is_warning(line)))
			fprintf(stderr, "%s\n", line + (has_priority ? 3 : 0));
	}
}

bool child_has_ended(const struct child *child)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

void child_end(struct child *child)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	if (child->pid == 0)
		return;
	close(child->pipe);
	kill(child->pid, SIGTERM);
	for (int i = 0; i < END_WAIT_MS && !child_has_ended(child); i++)
		nanosleep(&pause, NULL);
	kill(child->pid, SIGKILL);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	close(child->log);
	child->pid = 0;
}
