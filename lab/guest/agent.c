/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first process of a lab guest: sets the system up, then runs commands
 * that arrive over a virtio serial port (lab/frame.h).
 *
 * The other end, the lab's supervisor, is trusted: it made this guest.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/report.h"
#include "lab/frame.h"
#include "lab/guest/boot.h"
#include "lab/guest/command.h"

enum {
	ORPHAN_COUNT_MAX = 256,
	/* Stop reading pipes while this much waits for the port. */
	TO_HOST_SIZE_BUSY = 128 * 1024,
	READ_SIZE = 64 * 1024,
	POLL_COUNT_MAX = 2 + 3 * LAB_STREAM_COUNT_MAX + ORPHAN_COUNT_MAX,
	CODE_REFUSED = 126,
};

struct agent {
	int port_fd;
	int signal_fd;
	struct lab_queue to_host, from_host;
	struct command commands[LAB_STREAM_COUNT_MAX];
	/* Pipes of ended commands that their children still hold: read and
	 * dropped, so that those neither block nor get SIGPIPE. */
	int orphans[ORPHAN_COUNT_MAX];
	size_t orphan_count;
	struct pollfd polls[POLL_COUNT_MAX];
	nfds_t poll_count;
};

static struct agent agent;

static struct command *find_command(uint32_t stream)
{
	for (size_t i = 0; i < ARRAY_COUNT(agent.commands); i++)
		if (agent.commands[i].used && agent.commands[i].stream == stream)
			return &agent.commands[i];
	return NULL;
}

static struct command *new_command(uint32_t stream)
{
	for (size_t i = 0; i < ARRAY_COUNT(agent.commands); i++)
		if (!agent.commands[i].used) {
			command_init(&agent.commands[i], stream);
			return &agent.commands[i];
		}
	return NULL;
}

/* Keep a pipe's reading end open; the oldest gives way. */
static void adopt(int *fd)
{
	if (*fd < 0)
		return;
	if (agent.orphan_count == ORPHAN_COUNT_MAX) {
		close(agent.orphans[0]);
		agent.orphan_count--;
		memmove(agent.orphans, agent.orphans + 1, agent.orphan_count * sizeof agent.orphans[0]);
	}
	agent.orphans[agent.orphan_count++] = *fd;
	*fd = -1;
}

static status finish(struct command *command)
{
	adopt(&command->output.fd);
	adopt(&command->error.fd);
	TRY(lab_frame_put_u32(&agent.to_host, command->stream, LAB_FRAME_EXIT, command->exit_code));
	command_deinit(command);
	return STATUS_OK;
}

static status start(struct command *command)
{
	status started = command_start(command);
	char text[128];

	if (started == STATUS_OK)
		return STATUS_OK;
	snprintf(text, sizeof text, "the guest can't start it: %s\n", status_name(started));
	return command_fail(command, &agent.to_host, text, CODE_REFUSED);
}

static status add_arguments(uint32_t stream, const uint8_t *bytes, size_t size)
{
	struct command *command = find_command(stream);

	if (command == NULL)
		command = new_command(stream);
	if (command == NULL)
		return lab_frame_put_u32(&agent.to_host, stream, LAB_FRAME_EXIT, CODE_REFUSED);
	if (command->pid != 0 || command_add_arguments(command, bytes, size) == STATUS_OK)
		return STATUS_OK;
	return command_fail(command, &agent.to_host, "the arguments are too long\n", CODE_REFUSED);
}

static status hang_up(struct command *command)
{
	/* Its exit is still waited for, by the general reaping. */
	command_kill(command);
	command_deinit(command);
	return STATUS_OK;
}

static status add_credit(struct command_output *output, const struct lab_frame *frame, const uint8_t *payload)
{
	uint32_t credit;

	TRY(lab_frame_u32(frame, payload, &credit));
	if (credit > LAB_WINDOW_SIZE - output->window)
		return STATUS_MALFORMED;
	output->window += credit;
	return STATUS_OK;
}

static status handle(const struct lab_frame *frame, const uint8_t *payload)
{
	struct command *command = find_command(frame->stream);

	if (frame->type == LAB_FRAME_ARGUMENTS)
		return add_arguments(frame->stream, payload, frame->size);
	/* Frames that crossed the command's end on their way. */
	if (command == NULL)
		return STATUS_OK;
	switch (frame->type) {
	case LAB_FRAME_START: return command->pid == 0 ? start(command) : STATUS_MALFORMED;
	case LAB_FRAME_INPUT:
		TRY(command_add_input(command, payload, frame->size));
		return command->pid != 0 ? command_write_input(command, &agent.to_host) : STATUS_OK;
	case LAB_FRAME_CREDIT_OUTPUT: return add_credit(&command->output, frame, payload);
	case LAB_FRAME_CREDIT_ERROR: return add_credit(&command->error, frame, payload);
	case LAB_FRAME_HANGUP: return hang_up(command);
	default: return STATUS_MALFORMED;
	}
}

static status read_port(void)
{
	status result = lab_queue_read(&agent.from_host, agent.port_fd, READ_SIZE);
	struct lab_frame frame;
	const uint8_t *payload;

	if (result != STATUS_OK && result != STATUS_END)
		return result;
	while ((result = lab_frame_take(&agent.from_host, &frame, &payload)) == STATUS_OK) {
		struct command *command = find_command(frame.stream);

		result = handle(&frame, payload);
		/* One command's broken frames end that command. */
		if ((result == STATUS_MALFORMED || result == STATUS_LIMIT) && command != NULL && command->used) {
			command_kill(command);
			TRY(command_fail(command, &agent.to_host, "broken exec protocol\n", CODE_REFUSED));
		} else if (result != STATUS_OK && result != STATUS_MALFORMED) {
			return result;
		}
	}
	return result == STATUS_END ? STATUS_OK : result;
}

static status reap(void)
{
	struct signalfd_siginfo info;
	int wait_status;
	pid_t pid;

	if (read(agent.signal_fd, &info, sizeof info) < 0 && errno != EAGAIN)
		return STATUS_IO;
	while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0)
		for (size_t i = 0; i < ARRAY_COUNT(agent.commands); i++)
			if (agent.commands[i].used && agent.commands[i].pid == pid)
				command_exited(&agent.commands[i], wait_status);
	return STATUS_OK;
}

static void drop_orphan_output(void)
{
	static uint8_t dropped[READ_SIZE];

	for (size_t i = agent.orphan_count; i-- > 0;) {
		ssize_t got = read(agent.orphans[i], dropped, sizeof dropped);

		if (got > 0 || (got < 0 && errno == EAGAIN))
			continue;
		close(agent.orphans[i]);
		agent.orphans[i] = agent.orphans[--agent.orphan_count];
	}
}

static status move_pipes(void)
{
	for (size_t i = 0; i < ARRAY_COUNT(agent.commands); i++) {
		struct command *command = &agent.commands[i];

		if (!command->used || command->pid == 0)
			continue;
		TRY(command_write_input(command, &agent.to_host));
		if (lab_queue_size(&agent.to_host) < TO_HOST_SIZE_BUSY) {
			TRY(command_read_output(command, &command->output, &agent.to_host));
			TRY(command_read_output(command, &command->error, &agent.to_host));
		}
		if (command_finished(command))
			TRY(finish(command));
	}
	return STATUS_OK;
}

static void watch(int fd, short events)
{
	if (fd >= 0 && events != 0)
		agent.polls[agent.poll_count++] = (struct pollfd){.fd = fd, .events = events};
}

static void watch_output(const struct command_output *output)
{
	bool wanted = output->window > 0 && (!output->draining || output->left > 0);

	if (wanted && lab_queue_size(&agent.to_host) < TO_HOST_SIZE_BUSY)
		watch(output->fd, POLLIN);
}

static void watch_all(void)
{
	agent.poll_count = 0;
	watch(agent.port_fd, POLLIN | (lab_queue_size(&agent.to_host) > 0 ? POLLOUT : 0));
	watch(agent.signal_fd, POLLIN);
	for (size_t i = 0; i < ARRAY_COUNT(agent.commands); i++) {
		const struct command *command = &agent.commands[i];

		if (!command->used || command->pid == 0)
			continue;
		watch(command->input_fd, lab_queue_size(&command->input) > 0 ? POLLOUT : 0);
		watch_output(&command->output);
		watch_output(&command->error);
	}
	for (size_t i = 0; i < agent.orphan_count; i++)
		watch(agent.orphans[i], POLLIN);
}

static status serve(void)
{
	for (;;) {
		watch_all();
		if (poll(agent.polls, agent.poll_count, -1) < 0 && errno != EINTR)
			return report(STATUS_IO, "poll: %s", strerror(errno));
		TRY(reap());
		TRY(read_port());
		drop_orphan_output();
		TRY(move_pipes());
		TRY(lab_queue_write(&agent.to_host, agent.port_fd));
	}
}

static void set_environment(void)
{
	setenv("PATH", "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("LC_ALL", "C", 1);
	if (chdir("/root") != 0)
		fprintf(stderr, "bartizan: no /root\n");
}

int main(void)
{
	sigset_t signals;
	status result;

	result = boot_system();
	set_environment();
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	agent.signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (result == STATUS_OK)
		result = boot_open_port("bartizan.exec", &agent.port_fd);
	if (result == STATUS_OK)
		result = lab_frame_put_u32(&agent.to_host, 0, LAB_FRAME_HELLO, LAB_PROTOCOL_VERSION);
	if (result == STATUS_OK)
		result = serve();
	fprintf(stderr, "bartizan: the guest's agent ends: %s\n", status_name(result));
	/* As PID 1 that panics the kernel: QEMU ends and the lab says so. */
	return 1;
}
