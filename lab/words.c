/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/words.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/report.h"
#include "lab/scope.h"

enum { OUTPUT_SIZE_MAX = 4096 };

void words_deinit(struct words *words)
{
	for (unsigned int i = 0; i < words->count; i++)
		free(words->items[i]);
	*words = (struct words){};
}

void words_add(struct words *words, const char *format, ...)
{
	va_list arguments;
	int size = -1;

	va_start(arguments, format);
	if (words->count < WORDS_COUNT_MAX)
		size = vasprintf(&words->items[words->count], format, arguments);
	va_end(arguments);
	if (size >= 0)
		words->count++;
	else
		words->failed = true;
	words->items[words->count] = NULL;
}

status words_check(const struct words *words)
{
	if (words->failed)
		return report(STATUS_NO_MEMORY, "no memory for a command line");
	return STATUS_OK;
}

static status read_all(int fd, char text[OUTPUT_SIZE_MAX])
{
	size_t size = 0;

	for (;;) {
		ssize_t got = read(fd, text + size, OUTPUT_SIZE_MAX - 1 - size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return report(STATUS_IO, "reading a script's output: %s", strerror(errno));
		if (got == 0)
			break;
		size += (size_t)got;
	}
	text[size] = '\0';
	if (size > 0 && text[size - 1] == '\n')
		text[size - 1] = '\0';
	return STATUS_OK;
}

status words_run(const struct words *words, char **ret_output)
{
	SCOPED_FD int from = -1, to = -1;
	char text[OUTPUT_SIZE_MAX];
	int ends[2], wait_status;
	pid_t pid;

	TRY(words_check(words));
	if (pipe2(ends, O_CLOEXEC) != 0)
		return report(STATUS_IO, "pipe: %s", strerror(errno));
	from = ends[0];
	to = ends[1];
	pid = fork();
	if (pid < 0)
		return report(STATUS_IO, "fork: %s", strerror(errno));
	if (pid == 0) {
		dup2(to, STDOUT_FILENO);
		execvp(words->items[0], words->items);
		fprintf(stderr, "bartizan: can't run %s: %s\n", words->items[0], strerror(errno));
		_exit(127);
	}
	close(scope_keep_fd(&to));
	status result = read_all(from, text);

	while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR)
		;
	TRY(result);
	if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0)
		return STATUS_IO;
	*ret_output = strdup(text);
	return *ret_output != NULL ? STATUS_OK : report(STATUS_NO_MEMORY, "no memory");
}
