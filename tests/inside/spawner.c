/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs what it is told by popen(), system() and posix_spawn(), for tests/test_spawn.py. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void say_status(const char *what, int status)
{
	if (status == -1)
		printf("%s: %s\n", what, strerror(errno));
	else if (WIFSIGNALED(status))
		printf("%s: signal %d\n", what, WTERMSIG(status));
	else
		printf("%s: exit %d\n", what, WEXITSTATUS(status));
}

/* What it prints, and how it ended. */
static void read_from(const char *line, int line_count_max)
{
	char text[512];
	FILE *pipe = popen(line, "r");
	int count = 0;

	if (pipe == NULL) {
		printf("popen: %s\n", strerror(errno));
		return;
	}
	while (count < line_count_max && fgets(text, sizeof text, pipe) != NULL) {
		fputs(text, stdout);
		count++;
	}
	if (ferror(pipe))
		printf("read: %s\n", strerror(errno));
	say_status("popen", pclose(pipe));
}

static void write_to(const char *line, const char *text, int times)
{
	FILE *pipe = popen(line, "w");

	if (pipe == NULL) {
		printf("popen: %s\n", strerror(errno));
		return;
	}
	fflush(stdout);
	for (int i = 0; i < times; i++)
		fprintf(pipe, "%s\n", text);
	say_status("popen", pclose(pipe));
}

static void spawn(char **arguments)
{
	int status, error;
	pid_t pid, got;

	fflush(stdout);
	error = posix_spawnp(&pid, arguments[0], NULL, NULL, arguments, environ);
	if (error != 0) {
		printf("posix_spawn: %s\n", strerror(error));
		return;
	}
	got = waitpid(pid, &status, 0);
	say_status(got == pid ? "posix_spawn" : "waitpid", status);
	got = waitpid(pid, &status, 0);
	printf("again: %s\n", got == -1 && errno == ECHILD ? "no child" : "?");
}

static void fork_and_exec(void)
{
	char *arguments[] = {"ps", NULL};

	printf("fork: %s\n", fork() == -1 ? strerror(errno) : "?");
	printf("vfork: %s\n", vfork() == -1 ? strerror(errno) : "?");
	execvp("ps", arguments);
	printf("exec: %s\n", strerror(errno));
}

int main(int argc, char **argv)
{
	if (argc >= 3 && strcmp(argv[1], "read") == 0)
		read_from(argv[2], argc > 3 ? (int)strtol(argv[3], NULL, 10) : 1 << 30);
	else if (argc == 5 && strcmp(argv[1], "write") == 0)
		write_to(argv[2], argv[3], (int)strtol(argv[4], NULL, 10));
	else if (argc == 3 && strcmp(argv[1], "system") == 0)
		fflush(stdout), say_status("system", system(argv[2]));
	else if (argc >= 3 && strcmp(argv[1], "spawn") == 0)
		spawn(argv + 2);
	else if (argc == 2 && strcmp(argv[1], "fork") == 0)
		fork_and_exec();
	else
		return 2;
	return 0;
}
