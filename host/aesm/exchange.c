/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/aesm/exchange.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"

enum {
	LENGTH_SIZE = 4, /* before each message, little-endian */
	/* A report, a key's ID and what is around them: 1 KiB. */
	QUESTION_SIZE_MAX = 2048,
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void aesm_deadline_start(struct aesm_deadline *deadline, uint32_t whole_ms, uint32_t notice_ms)
{
	const int64_t now = now_ms();

	*deadline =
		(struct aesm_deadline){.whole_ms = whole_ms, .end_ms = now + whole_ms, .notice_ms = now + notice_ms};
}

static status no_answer(const char *path, const struct aesm_deadline *deadline)
{
	return report(STATUS_GONE,
		      "the AESM service at %s hasn't given what was asked for within %u s: see `journalctl -u aesmd`, "
		      "restart it",
		      path, deadline->whole_ms / 1000);
}

static status not_reached(const char *path, const struct aesm_deadline *deadline)
{
	switch (errno) {
	case ENOENT:
	case ECONNREFUSED:
		return report(STATUS_MISSING,
			      "no quotes of this SGX platform: nothing listens at %s (%m). Install and start Intel's "
			      "AESM service (sgx-aesm-service, libsgx-aesm-ecdsa-plugin, libsgx-aesm-quote-ex-plugin; "
			      "systemctl start aesmd), or say with --aesm where its socket is",
			      path);
	case EACCES:
	case EPERM:
		return report(STATUS_DENIED,
			      "no quotes of this SGX platform: this user may not use %s (%m); who may, "
			      "its directory's owner decides",
			      path);
	case EAGAIN: return no_answer(path, deadline); /* so many wait for it that nobody else can */
	default: return report(STATUS_IO, "can't connect to the AESM service at %s: %m", path);
	}
}

static status connect_to(const char *path, const struct aesm_deadline *deadline, int *ret_socket)
{
	const int64_t left = deadline->end_ms - now_ms();
	/* All zeros would be for ever. */
	const struct timeval patience = {.tv_sec = left > 0 ? left / 1000 : 0,
					 .tv_usec = left > 0 ? left % 1000 * 1000 : 1};
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof address.sun_path)
		return report(STATUS_USAGE, "%s is too long for a socket's path: %zu bytes at most", path,
			      sizeof address.sun_path - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (file < 0)
		return report(STATUS_IO, "no socket for the AESM service: %m");
	/* Of connect() alone: all else is polled for. */
	(void)!setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(file, (const struct sockaddr *)&address, sizeof address) != 0) {
		status result = not_reached(path, deadline);
		close(file);
		return result;
	}
	*ret_socket = file;
	return STATUS_OK;
}

/* One end of the conversation and its time. */
struct conversation {
	const char *path;
	int socket;
	struct aesm_deadline *deadline;
};

/* It may be for its certificate that it lets us wait: nobody else would say so. */
static void say_waiting(const struct conversation *with)
{
	(void)!report(STATUS_OK, "waiting for the AESM service at %s, for %u s at most", with->path,
		      with->deadline->whole_ms / 1000);
	with->deadline->notice_ms = 0;
}

static status wait_for(const struct conversation *with, short events)
{
	struct pollfd file = {.fd = with->socket, .events = events};
	struct aesm_deadline *deadline = with->deadline;

	for (;;) {
		const int64_t now = now_ms();
		const bool is_told = deadline->notice_ms == 0 || deadline->notice_ms >= deadline->end_ms;
		const int64_t left = (is_told ? deadline->end_ms : deadline->notice_ms) - now;
		const int ready = deadline->end_ms > now ? poll(&file, 1, left > 0 ? (int)left : 0) : 0;

		if (ready > 0)
			return STATUS_OK;
		if (ready < 0 && errno != EINTR)
			return report(STATUS_IO, "can't wait for the AESM service: %m");
		if (ready == 0 && (is_told || deadline->end_ms <= now))
			return no_answer(with->path, deadline);
		if (ready == 0)
			say_waiting(with);
	}
}

static status hung_up(const struct conversation *with)
{
	return report(
		STATUS_GONE,
		"the AESM service at %s hung up before its answer was whole: see `journalctl -u aesmd`, restart it",
		with->path);
}

static status send_all(const struct conversation *with, const uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		TRY(wait_for(with, POLLOUT));
		ssize_t sent = send(with->socket, bytes + done, size - done, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent >= 0)
			done += (size_t)sent;
		else if (errno != EINTR && errno != EAGAIN)
			return hung_up(with);
	}
	return STATUS_OK;
}

static status receive_all(const struct conversation *with, uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		TRY(wait_for(with, POLLIN));
		ssize_t got = recv(with->socket, bytes + done, size - done, MSG_DONTWAIT);
		if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
			return hung_up(with);
		if (got > 0)
			done += (size_t)got;
	}
	return STATUS_OK;
}

static status ask(const struct conversation *with, const Aesm__Request *request)
{
	uint8_t bytes[LENGTH_SIZE + QUESTION_SIZE_MAX];
	const size_t size = aesm__request__get_packed_size(request);

	if (size > QUESTION_SIZE_MAX)
		return report(STATUS_INTERNAL, "a question of %zu bytes for the AESM service", size);
	for (size_t i = 0; i < LENGTH_SIZE; i++)
		bytes[i] = (uint8_t)(size >> 8 * i);
	aesm__request__pack(request, bytes + LENGTH_SIZE);
	return send_all(with, bytes, LENGTH_SIZE + size);
}

status aesm_unpack(struct span bytes, Aesm__Response **ret_answer)
{
	/* Allocates in proportion to the bytes, whatever they say (a length in them is checked against what is left).
	 */
	Aesm__Response *answer = aesm__response__unpack(NULL, bytes.size, bytes.data);

	if (answer == NULL)
		return STATUS_MALFORMED;
	*ret_answer = answer;
	return STATUS_OK;
}

static status receive_body(const struct conversation *with, size_t size, uint8_t *bytes, Aesm__Response **ret_answer)
{
	TRY(receive_all(with, bytes, size));
	if (aesm_unpack((struct span){bytes, size}, ret_answer) != STATUS_OK)
		return report(STATUS_MALFORMED,
			      "what answers at %s is no AESM service: its %zu bytes aren't a message of one. Is --aesm "
			      "the right socket?",
			      with->path, size);
	return STATUS_OK;
}

static status receive(const struct conversation *with, Aesm__Response **ret_answer)
{
	uint8_t length[LENGTH_SIZE];
	struct reader reader;
	uint32_t size;

	TRY(receive_all(with, length, sizeof length));
	reader_init(&reader, (struct span){length, sizeof length});
	TRY(reader_u32(&reader, &size));
	if (size > AESM_ANSWER_SIZE_MAX)
		return report(STATUS_LIMIT,
			      "the AESM service at %s announces an answer of %u bytes, and none has more than %d: is "
			      "--aesm the right socket?",
			      with->path, size, AESM_ANSWER_SIZE_MAX);
	uint8_t *bytes = malloc(size + 1); /* an empty message has no bytes */
	if (bytes == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	status result = receive_body(with, size, bytes, ret_answer);
	free(bytes);
	return result;
}

status aesm_exchange(const char *path, struct aesm_deadline *deadline, const Aesm__Request *request,
		     Aesm__Response **ret_answer)
{
	struct conversation with = {.path = path, .deadline = deadline};

	TRY(connect_to(path, deadline, &with.socket));
	status result = ask(&with, request);
	if (result == STATUS_OK)
		result = receive(&with, ret_answer);
	close(with.socket);
	return result;
}
