/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client of the exec protocol: one command, our stdin, stdout and stderr. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/report.h"
#include "lab/frame.h"
#include "lab/lab.h"
#include "lab/last-words.h"
#include "lab/place.h"
#include "lab/scope.h"

enum { READ_SIZE = 64 * 1024 };

struct client {
	int fd;
	bool input_ended;
	uint32_t input_window;
	bool exited;
	uint32_t code;
	struct lab_queue from, to;
	struct last_words last_words;
};

static status connect_to(const char *name, int *ret_fd, struct last_words *ret_words)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	SCOPED_FREE char *path = NULL;
	SCOPED_FD int fd = -1;
	struct lab_machine machine;
	int size;

	TRY(lab_machine_find(name, &machine));
	TRY(place_machine(name, &path));
	size = snprintf(address.sun_path, sizeof address.sun_path, "%s/exec", path);
	if (size < 0 || (size_t)size >= sizeof address.sun_path)
		return report(STATUS_USAGE, "%s is too long for a socket's path", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		return report(STATUS_IO, "can't connect to %s: %s", address.sun_path, strerror(errno));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	last_words_init(path, ret_words);
	*ret_fd = scope_keep_fd(&fd);
	return STATUS_OK;
}

static status put_argument(struct lab_queue *to, const char *argument)
{
	size_t left = strlen(argument) + 1;

	while (left > 0) {
		size_t size = left < LAB_PAYLOAD_SIZE_MAX ? left : LAB_PAYLOAD_SIZE_MAX;

		TRY(lab_frame_put(to, 0, LAB_FRAME_ARGUMENTS, argument, size));
		argument += size;
		left -= size;
	}
	return STATUS_OK;
}

static status put_arguments(struct lab_queue *to, char *const *argv)
{
	size_t size = 0, count = 0;

	for (; argv[count] != NULL; count++)
		size += strlen(argv[count]) + 1;
	if (size > LAB_ARGUMENTS_SIZE_MAX || count > LAB_ARGUMENTS_COUNT_MAX)
		return report(STATUS_LIMIT, "the command's arguments are too long: at most %d bytes, %d words",
			      LAB_ARGUMENTS_SIZE_MAX, LAB_ARGUMENTS_COUNT_MAX);
	for (size_t i = 0; i < count; i++)
		TRY(put_argument(to, argv[i]));
	return lab_frame_put(to, 0, LAB_FRAME_START, NULL, 0);
}

/* Nobody reads our output: end as any program does in a pipe. (The signal is
 * ignored until here because the VM's end of the socket may close, too.) */
static void end_by_sigpipe(void)
{
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

/* All of it, waiting as long as it takes. */
static status write_out(int fd, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t put = write(fd, bytes, size);
		struct pollfd ready = {.fd = fd, .events = POLLOUT};

		if (put < 0 && errno == EAGAIN)
			poll(&ready, 1, -1);
		else if (put < 0 && errno == EPIPE)
			end_by_sigpipe();
		else if (put < 0 && errno != EINTR)
			return report(STATUS_IO, "writing the command's output: %s", strerror(errno));
		if (put > 0) {
			bytes += put;
			size -= (size_t)put;
		}
	}
	return STATUS_OK;
}

static status handle(struct client *client, const struct lab_frame *frame, const uint8_t *payload)
{
	uint32_t credit;

	switch (frame->type) {
	case LAB_FRAME_OUTPUT:
		TRY(write_out(STDOUT_FILENO, payload, frame->size));
		return lab_frame_put_u32(&client->to, 0, LAB_FRAME_CREDIT_OUTPUT, frame->size);
	case LAB_FRAME_ERROR:
		TRY(write_out(STDERR_FILENO, payload, frame->size));
		return lab_frame_put_u32(&client->to, 0, LAB_FRAME_CREDIT_ERROR, frame->size);
	case LAB_FRAME_CREDIT_INPUT:
		TRY(lab_frame_u32(frame, payload, &credit));
		if (credit > LAB_WINDOW_SIZE - client->input_window)
			return STATUS_MALFORMED;
		client->input_window += credit;
		return STATUS_OK;
	case LAB_FRAME_EXIT: client->exited = true; return lab_frame_u32(frame, payload, &client->code);
	case LAB_FRAME_REFUSED: return report(STATUS_DENIED, "%.*s", (int)frame->size, (const char *)payload);
	default: return STATUS_MALFORMED;
	}
}

static status read_frames(struct client *client)
{
	struct lab_frame frame;
	const uint8_t *payload;
	status result = lab_queue_read(&client->from, client->fd, READ_SIZE);

	if (result == STATUS_END)
		return report(STATUS_GONE, "the VM ended before the command did");
	if (result == STATUS_IO)
		return report(result, "reading from the VM: %s", strerror(errno));
	TRY(result);
	while (!client->exited && (result = lab_frame_take(&client->from, &frame, &payload)) == STATUS_OK) {
		result = handle(client, &frame, payload);
		if (result == STATUS_MALFORMED)
			return report(result, "the guest broke the exec protocol (frame of type %u)", frame.type);
		TRY(result);
	}
	return result == STATUS_END ? STATUS_OK : result;
}

static status read_input(struct client *client)
{
	uint8_t bytes[LAB_PAYLOAD_SIZE_MAX];
	size_t size = sizeof bytes < client->input_window ? sizeof bytes : client->input_window;
	ssize_t got = read(STDIN_FILENO, bytes, size);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return STATUS_OK;
	/* An stdin that can't be read is one that has ended. */
	if (got <= 0) {
		client->input_ended = true;
		got = 0;
	}
	client->input_window -= (uint32_t)got;
	return lab_frame_put(&client->to, 0, LAB_FRAME_INPUT, bytes, (size_t)got);
}

static status talk(struct client *client)
{
	while (!client->exited) {
		bool writes = lab_queue_size(&client->to) > 0;
		struct pollfd polls[] = {
			{.fd = client->fd, .events = POLLIN | (writes ? POLLOUT : 0)},
			{.fd = client->input_ended || client->input_window == 0 || writes ? -1 : STDIN_FILENO,
			 .events = POLLIN},
		};

		if (poll(polls, 2, -1) < 0 && errno != EINTR)
			return report(STATUS_IO, "poll: %s", strerror(errno));
		if (polls[1].revents != 0)
			TRY(read_input(client));
		/* What can't be written shows when reading: the VM ended. */
		if (lab_queue_write(&client->to, client->fd) != STATUS_OK)
			lab_queue_drop(&client->to, lab_queue_size(&client->to));
		TRY(read_frames(client));
	}
	return STATUS_OK;
}

static status run(struct client *client, const char *name, char *const *argv)
{
	signal(SIGPIPE, SIG_IGN);
	TRY(connect_to(name, &client->fd, &client->last_words));
	TRY(put_arguments(&client->to, argv));
	return talk(client);
}

status lab_exec(const char *name, char *const *argv, int *ret_code)
{
	struct client client = {.fd = -1, .input_window = LAB_WINDOW_SIZE, .last_words = {-1, -1}};
	status result = run(&client, name, argv);

	if (result == STATUS_GONE)
		last_words_write(&client.last_words, STDERR_FILENO);
	last_words_deinit(&client.last_words);
	scope_close(&client.fd);
	lab_queue_deinit(&client.from);
	lab_queue_deinit(&client.to);
	if (result == STATUS_OK)
		*ret_code = (int)client.code;
	return result;
}
