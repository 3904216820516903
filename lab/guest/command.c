/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/report.h"
#include "lab/scope.h"

enum { CODE_NOT_EXECUTABLE = 126, CODE_NOT_FOUND = 127, CODE_SIGNAL_BASE = 128 };

static void close_fd(int *fd)
{
	scope_close(fd);
	*fd = -1;
}

void command_init(struct command *command, uint32_t stream)
{
	*command = (struct command){
		.used = true,
		.stream = stream,
		.input_fd = -1,
		.output = {.fd = -1, .window = LAB_WINDOW_SIZE, .type = LAB_FRAME_OUTPUT},
		.error = {.fd = -1, .window = LAB_WINDOW_SIZE, .type = LAB_FRAME_ERROR},
	};
}

void command_deinit(struct command *command)
{
	close_fd(&command->input_fd);
	close_fd(&command->output.fd);
	close_fd(&command->error.fd);
	lab_queue_deinit(&command->arguments);
	lab_queue_deinit(&command->input);
	command->used = false;
}

status command_add_arguments(struct command *command, const uint8_t *bytes, size_t size)
{
	if (lab_queue_size(&command->arguments) + size > LAB_ARGUMENTS_SIZE_MAX)
		return STATUS_LIMIT;
	return lab_queue_add(&command->arguments, bytes, size);
}

/* Cut the collected bytes into argv; the strings stay where they are. */
static status split_arguments(const struct lab_queue *arguments, char ***ret_argv)
{
	char *bytes = (char *)lab_queue_front(arguments);
	size_t size = lab_queue_size(arguments), count = 0;
	char **argv;

	if (size == 0 || bytes == NULL || bytes[size - 1] != '\0')
		return STATUS_MALFORMED;
	for (size_t i = 0; i < size; i++)
		count += bytes[i] == '\0';
	if (count == 0 || count > LAB_ARGUMENTS_COUNT_MAX)
		return STATUS_LIMIT;
	argv = calloc(count + 1, sizeof *argv);
	if (argv == NULL)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < count; i++, bytes += strlen(bytes) + 1)
		argv[i] = bytes;
	*ret_argv = argv;
	return STATUS_OK;
}

/* In the new process: never returns. */
static void become(char **argv, int input, int output, int error)
{
	sigset_t none;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(error, STDERR_FILENO);
	execvp(argv[0], argv);
	int code = errno == ENOENT || errno == ENOTDIR ? CODE_NOT_FOUND : CODE_NOT_EXECUTABLE;

	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(code);
}

status command_start(struct command *command)
{
	int input[2] = {-1, -1}, output[2] = {-1, -1}, error[2] = {-1, -1};
	SCOPED_FREE char **argv = NULL;
	bool piped;

	TRY(split_arguments(&command->arguments, &argv));
	piped = pipe2(input, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0 && pipe2(error, O_CLOEXEC) == 0;
	command->pid = piped ? fork() : -1;
	if (command->pid == 0)
		become(argv, input[0], output[1], error[1]);
	close_fd(&input[0]);
	close_fd(&output[1]);
	close_fd(&error[1]);
	command->input_fd = input[1];
	command->output.fd = output[0];
	command->error.fd = error[0];
	if (command->pid < 0) {
		command->pid = 0;
		return STATUS_IO;
	}
	fcntl(input[1], F_SETFL, O_NONBLOCK);
	fcntl(output[0], F_SETFL, O_NONBLOCK);
	fcntl(error[0], F_SETFL, O_NONBLOCK);
	lab_queue_deinit(&command->arguments);
	return STATUS_OK;
}

status command_fail(struct command *command, struct lab_queue *to_host, const char *why, uint32_t exit_code)
{
	TRY(lab_frame_put(to_host, command->stream, LAB_FRAME_ERROR, why, strlen(why)));
	TRY(lab_frame_put_u32(to_host, command->stream, LAB_FRAME_EXIT, exit_code));
	command_deinit(command);
	return STATUS_OK;
}

status command_add_input(struct command *command, const uint8_t *bytes, size_t size)
{
	if (size == 0) {
		command->input_ended = true;
		return STATUS_OK;
	}
	if (lab_queue_size(&command->input) + size > LAB_WINDOW_SIZE)
		return STATUS_LIMIT;
	return lab_queue_add(&command->input, bytes, size);
}

status command_write_input(struct command *command, struct lab_queue *to_host)
{
	size_t before = lab_queue_size(&command->input), written;

	if (command->input_fd >= 0 && lab_queue_write(&command->input, command->input_fd) != STATUS_OK)
		close_fd(&command->input_fd);
	/* Nobody reads it any more: it goes nowhere, but the sender goes on. */
	if (command->input_fd < 0)
		lab_queue_drop(&command->input, lab_queue_size(&command->input));
	written = before - lab_queue_size(&command->input);
	if (command->input_ended && lab_queue_size(&command->input) == 0)
		close_fd(&command->input_fd);
	if (written == 0)
		return STATUS_OK;
	return lab_frame_put_u32(to_host, command->stream, LAB_FRAME_CREDIT_INPUT, (uint32_t)written);
}

status command_read_output(struct command *command, struct command_output *output, struct lab_queue *to_host)
{
	uint8_t bytes[LAB_PAYLOAD_SIZE_MAX];
	size_t size = sizeof bytes;
	ssize_t got;

	if (size > output->window)
		size = output->window;
	if (output->draining && size > output->left)
		size = output->left;
	if (output->fd < 0 || size == 0)
		return STATUS_OK;
	got = read(output->fd, bytes, size);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return STATUS_OK;
	if (got <= 0) {
		close_fd(&output->fd);
		return STATUS_OK;
	}
	output->window -= (uint32_t)got;
	if (output->draining)
		output->left -= (size_t)got;
	return lab_frame_put(to_host, command->stream, output->type, bytes, (size_t)got);
}

/* What is in the pipe now is the most that the command itself can have left
 * there; what its children write later isn't waited for. */
static void start_draining(struct command_output *output)
{
	int size = 0;

	output->draining = true;
	if (output->fd >= 0 && ioctl(output->fd, FIONREAD, &size) == 0)
		output->left = (size_t)size;
}

void command_exited(struct command *command, int wait_status)
{
	command->exited = true;
	command->exit_code = WIFSIGNALED(wait_status) ? CODE_SIGNAL_BASE + (uint32_t)WTERMSIG(wait_status)
						      : (uint32_t)WEXITSTATUS(wait_status);
	close_fd(&command->input_fd);
	start_draining(&command->output);
	start_draining(&command->error);
}

static bool drained(const struct command_output *output)
{
	return output->fd < 0 || output->left == 0;
}

bool command_finished(const struct command *command)
{
	return command->exited && drained(&command->output) && drained(&command->error);
}

void command_kill(const struct command *command)
{
	if (command->pid > 0 && !command->exited)
		kill(-command->pid, SIGKILL);
}
