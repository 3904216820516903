/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/children.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/report.h"
#include "cli/ports.h"

enum { EXIT_NOT_STARTED = 127 };

void children_option(struct children *children, const char *name, const char *value)
{
	if (value == NULL || children->option_count + 2 > CHILDREN_ARGUMENT_COUNT_MAX)
		return;
	children->option[children->option_count++] = name;
	children->option[children->option_count++] = value;
}

/* In the child. The helper thread may have forked it, and the kernel counts threads as parents: so the end
 * of the process is seen by the socket, which the enclave reads and writes. */
static _Noreturn void become(const struct children *children, const char *path, int socket)
{
	const char *argv[CHILDREN_ARGUMENT_COUNT_MAX + 6] = {"bartizan", "run", "--quiet"};
	size_t count = 3;
	sigset_t none;

	for (size_t i = 0; i < children->option_count; i++)
		argv[count++] = children->option[i];
	argv[count] = path;
	if (socket == CHILDREN_SOCKET_FD ? fcntl(socket, F_SETFD, 0) < 0 : dup2(socket, CHILDREN_SOCKET_FD) < 0)
		_exit(EXIT_NOT_STARTED);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv("/proc/self/exe", (char *const *)argv);
	_exit(EXIT_NOT_STARTED);
}

status children_start(void *context, const char *name, int socket, pid_t *ret_pid)
{
	const struct children *children = context;
	char path[PATH_MAX];
	pid_t pid;

	/* A name, so that nobody is led out of the directory of ports. */
	if (strchr(name, '/') != NULL || name[0] == '\0' || name[0] == '.')
		return report(STATUS_DENIED, "the program wants to run %s, which is no port's name", name);
	TRY(ports_find(name, path, sizeof path));
	pid = fork();
	if (pid == 0)
		become(children, path, socket);
	if (pid < 0)
		return report(STATUS_IO, "no process for %s: %m", name);
	*ret_pid = pid;
	return STATUS_OK;
}
