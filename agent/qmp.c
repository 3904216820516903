/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"

enum {
	/* "info mtree -f" and "info registers -a" of 1,024 CPUs stay below. */
	ANSWER_SIZE_MAX = 8 << 20,
	RECEIVE_SIZE_START = 64 << 10,
	MESSAGE_COUNT_MAX = 64, /* events before an answer */
};

struct qmp {
	int socket;
	uint32_t timeout_ms;
	char *buffer;
	size_t buffer_size, filled_size;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Wait until the socket is ready or the time is over. */
static bool wait_for(int socket, short events, int64_t deadline_ms)
{
	struct pollfd poll_socket = {.fd = socket, .events = events};
	int64_t left = deadline_ms - now_ms();

	return left > 0 && poll(&poll_socket, 1, (int)left) == 1 && (poll_socket.revents & events) != 0;
}

static bool reserve(struct qmp *qmp)
{
	size_t size = qmp->buffer_size == 0 ? RECEIVE_SIZE_START : qmp->buffer_size * 2;

	if (qmp->filled_size < qmp->buffer_size)
		return true;
	if (size > ANSWER_SIZE_MAX)
		return false;
	char *buffer = realloc(qmp->buffer, size);
	if (buffer == NULL)
		return false;
	qmp->buffer = buffer;
	qmp->buffer_size = size;
	return true;
}

/* The next message: a line of JSON. */
static json_t *receive(struct qmp *qmp, int64_t deadline_ms)
{
	for (;;) {
		char *end = qmp->filled_size > 0 ? memchr(qmp->buffer, '\n', qmp->filled_size) : NULL;

		if (end != NULL) {
			size_t size = (size_t)(end - qmp->buffer) + 1;
			json_t *message = json_loadb(qmp->buffer, size, 0, NULL);

			qmp->filled_size -= size;
			memmove(qmp->buffer, qmp->buffer + size, qmp->filled_size);
			return message;
		}
		if (!reserve(qmp) || !wait_for(qmp->socket, POLLIN, deadline_ms))
			return NULL;
		ssize_t got = recv(qmp->socket, qmp->buffer + qmp->filled_size, qmp->buffer_size - qmp->filled_size,
				   MSG_DONTWAIT);
		if (got <= 0 && !(got < 0 && (errno == EAGAIN || errno == EINTR)))
			return NULL;
		qmp->filled_size += got > 0 ? (size_t)got : 0;
	}
}

static bool send_message(struct qmp *qmp, json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);
	size_t size = text != NULL ? strlen(text) : 0;
	/* Commands are short: a socket that can't take one whole is stuck. */
	bool sent = size > 0 && send(qmp->socket, text, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size &&
		    send(qmp->socket, "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;

	free(text);
	return sent;
}

/* Takes `command`; returns the answer's "return", to be released. */
static json_t *execute(struct qmp *qmp, json_t *command)
{
	int64_t deadline_ms = now_ms() + qmp->timeout_ms;
	json_t *value = NULL;
	bool sent = command != NULL && send_message(qmp, command);

	json_decref(command);
	for (int i = 0; sent && i < MESSAGE_COUNT_MAX; i++) {
		json_t *message = receive(qmp, deadline_ms);
		bool is_answer = message == NULL || json_object_get(message, "event") == NULL;

		if (is_answer)
			value = json_incref(json_object_get(message, "return"));
		json_decref(message);
		if (is_answer)
			break;
	}
	return value;
}

/* Through /proc, so that QEMU's own root, directory and long paths work. */
static status connect_to(pid_t pid, const char *path, int *ret_socket)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char *process_path;

	if (asprintf(&process_path, "/proc/%d/%s/%s", (int)pid, path[0] == '/' ? "root" : "cwd", path) < 0)
		return report(STATUS_NO_MEMORY, "out of memory while connecting to QMP");
	int file = open(process_path, O_PATH | O_CLOEXEC);
	free(process_path);
	if (file < 0)
		return STATUS_MISSING;
	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", file);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool connected = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
	close(file);
	if (connected) {
		*ret_socket = fd;
		return STATUS_OK;
	}
	if (fd >= 0)
		close(fd);
	return STATUS_MISSING;
}

static bool greet(struct qmp *qmp)
{
	json_t *greeting = receive(qmp, now_ms() + QMP_TIMEOUT_MS);
	bool is_qmp = json_is_object(json_object_get(greeting, "QMP"));

	json_decref(greeting);
	if (!is_qmp)
		return false;
	json_t *answer = execute(qmp, json_pack("{s:s}", "execute", "qmp_capabilities"));
	json_decref(answer);
	return answer != NULL;
}

status qmp_create(pid_t pid, const char *path, struct qmp **ret_qmp)
{
	int fd = -1;

	if (path[0] == 0)
		return STATUS_MISSING;
	TRY(connect_to(pid, path, &fd));
	struct qmp *qmp = calloc(1, sizeof *qmp);
	if (qmp == NULL) {
		close(fd);
		return report(STATUS_NO_MEMORY, "out of memory while connecting to QMP");
	}
	qmp->socket = fd;
	qmp->timeout_ms = QMP_TIMEOUT_MS;
	if (!greet(qmp)) {
		qmp_destroy(qmp);
		return STATUS_MISSING;
	}
	*ret_qmp = qmp;
	return STATUS_OK;
}

void qmp_timeout_set(struct qmp *qmp, uint32_t timeout_ms)
{
	qmp->timeout_ms = timeout_ms;
}

void qmp_destroy(struct qmp *qmp)
{
	if (qmp == NULL)
		return;
	close(qmp->socket);
	free(qmp->buffer);
	free(qmp);
}

status qmp_monitor(struct qmp *qmp, const char *command, char **ret_text)
{
	json_t *value = execute(qmp, json_pack("{s:s, s:{s:s}}", "execute", "human-monitor-command", "arguments",
					       "command-line", command));
	char *text = json_is_string(value) ? strdup(json_string_value(value)) : NULL;

	json_decref(value);
	if (text == NULL)
		return STATUS_MISSING;
	*ret_text = text;
	return STATUS_OK;
}

status qmp_execute(struct qmp *qmp, const char *command)
{
	json_t *value = execute(qmp, json_pack("{s:s}", "execute", command));
	bool is_done = value != NULL;

	json_decref(value);
	return is_done ? STATUS_OK : STATUS_MISSING;
}

status qmp_runs(struct qmp *qmp, bool *ret_runs)
{
	json_t *value = execute(qmp, json_pack("{s:s}", "execute", "query-status"));
	const json_t *runs = json_object_get(value, "running");
	bool is_known = json_is_boolean(runs);

	if (is_known)
		*ret_runs = json_is_true(runs);
	json_decref(value);
	return is_known ? STATUS_OK : STATUS_MISSING;
}
