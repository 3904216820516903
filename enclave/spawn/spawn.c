/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/spawn/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/checked.h"
#include "base/report.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/manifest.h"
#include "enclave/runtime/runtime.h"
#include "enclave/spawn/children.h"
#include "enclave/spawn/pipe.h"

enum { EXIT_NO_PROGRAM = 127 /* POSIX sh, 2.8.2 */ };

/* May it be run? The answer is said once for each name that isn't the one before. */
static bool is_allowed(const char *path)
{
	static char said[PEER_NAME_SIZE_MAX];
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	uint8_t mrenclave[SGX_HASH_SIZE];

	if (!runtime_has_parent() && manifest_program(name, mrenclave))
		return true;
	runtime_fault_note();
	if (strncmp(said, name, sizeof said - 1) != 0)
		(void)!report(STATUS_DENIED, "the program wants to run %.200s, which %s", path,
			      runtime_has_parent() ? "a program that another one runs can't"
						   : "its manifest doesn't name: only measured ports can be run");
	strncpy(said, name, sizeof said - 1);
	return false;
}

/* The pipes between the stages of a line. */
static long join(struct child_order *orders, size_t order_count)
{
	for (size_t i = 0; i + 1 < order_count; i++) {
		struct file *reader, *writer;
		long result = pipe_create(0, &reader, &writer);

		if (result < 0)
			return result;
		streams_set(&orders[i].streams, 1, writer);
		streams_set(&orders[i + 1].streams, 0, reader);
	}
	return 0;
}

static long start_stages(const struct command *command, const char *const *environment, struct child_order *orders)
{
	enum peer_stream kind;
	long result = join(orders, command->stage_count);

	for (size_t i = 0; i < command->stage_count && result >= 0; i++) {
		orders[i].arguments = (const char *const *)command->stage[i].argument;
		orders[i].environment = environment;
		result = streams_redirect(&orders[i].streams, &command->stage[i]);
		for (int stream = 0; stream < STREAM_COUNT && result >= 0; stream++)
			result = streams_kind(&orders[i].streams, stream, &kind);
	}
	return result < 0 ? result : children_start(orders, command->stage_count);
}

static long run_command(const struct command *command, const char *const *environment, const struct streams *streams)
{
	struct child_order orders[COMMAND_STAGE_COUNT_MAX] = {0};
	long result;

	for (size_t i = 0; i < command->stage_count; i++)
		if (!is_allowed(command->stage[i].argument[0]))
			return children_start_ended(EXIT_NO_PROGRAM << 8);
	for (size_t i = 0; i < command->stage_count; i++)
		streams_copy(&orders[i].streams, streams);
	result = start_stages(command, environment, orders);
	for (size_t i = 0; i < command->stage_count; i++)
		streams_release(&orders[i].streams);
	return result;
}

static long run_line(const char *line, const char *const *environment, const struct streams *streams)
{
	struct command *command = malloc(sizeof *command);
	long result;

	if (command == NULL)
		return -ENOMEM;
	if (command_parse(line, command) == STATUS_OK) {
		result = run_command(command, environment, streams);
	} else {
		runtime_fault_note();
		result = children_start_ended(EXIT_NO_PROGRAM << 8);
	}
	free(command);
	return result;
}

static bool is_shell(const char *path)
{
	return strcmp(path, "/bin/sh") == 0 || strcmp(path, "sh") == 0 || strcmp(path, "/usr/bin/sh") == 0;
}

long spawn_program(const char *path, const char *const *arguments, const char *const *environment,
		   const struct streams_action *newest, int flags)
{
	static const char *const nothing[] = {NULL};
	struct child_order order = {.arguments = arguments, .environment = environment != NULL ? environment : nothing};
	long result;

	if (arguments == NULL || arguments[0] == NULL)
		return -EINVAL;
	if (flags & ~SPAWN_FLAGS_HARMLESS) {
		(void)!report(STATUS_UNSUPPORTED,
			      "the program wants to run %.200s with attributes (%#x) that aren't possible "
			      "inside",
			      path, (unsigned)flags);
		return -ENOSYS;
	}
	result = streams_init(&order.streams, newest);
	if (result >= 0 && is_shell(path) && arguments[1] != NULL && strcmp(arguments[1], "-c") == 0 &&
	    arguments[2] != NULL && arguments[3] == NULL)
		result = run_line(arguments[2], order.environment, &order.streams);
	else if (result >= 0)
		result = is_allowed(path) ? children_start(&order, 1) : -ENOENT;
	streams_release(&order.streams);
	return result;
}

long spawn_wait(long pid, int *ret_wait_status, int options)
{
	int wait_status = 0;
	long result;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED))
		return -EINVAL;
	/* There are no process groups inside. */
	result = children_wait(pid > 0 ? pid : -1, options & WNOHANG, &wait_status);
	if (result > 0 && ret_wait_status != NULL)
		*ret_wait_status = wait_status;
	return result;
}

long spawn_pipe(int fds[2], int flags)
{
	struct file *reader, *writer;
	long first, second;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	first = pipe_create(flags, &reader, &writer);
	if (first < 0)
		return first;
	first = descriptor_install(reader, 0, flags & O_CLOEXEC);
	second = first < 0 ? first : descriptor_install(writer, 0, flags & O_CLOEXEC);
	if (second < 0) {
		if (first >= 0)
			(void)descriptor_close((int)first);
		else
			file_release(reader);
		file_release(writer);
		return second;
	}
	fds[0] = (int)first;
	fds[1] = (int)second;
	return 0;
}
