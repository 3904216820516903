/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/serve/peers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"

enum {
	WAIT_MS = 1000,
	/* What has said its last words is about to end. */
	END_WAIT_MS = 2000,
	WRITING_SHIFT = 16,
};

void peers_init(struct peers *peers, int parent_socket)
{
	*peers = (struct peers){0};
	for (int i = 0; i < PEERS_COUNT; i++)
		peers->socket[i] = -1;
	peers->socket[PEER_PARENT] = parent_socket;
}

static void end_process(pid_t pid)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	for (int i = 0; i < END_WAIT_MS; i++) {
		pid_t ended = waitpid(pid, NULL, WNOHANG);

		if (ended == pid || (ended < 0 && errno == ECHILD))
			return;
		nanosleep(&pause, NULL);
	}
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

static void end_peer(struct peers *peers, unsigned number)
{
	if (peers->socket[number] >= 0)
		close(peers->socket[number]);
	peers->socket[number] = -1;
	if (peers->pid[number] != 0)
		end_process(peers->pid[number]);
	peers->pid[number] = 0;
}

void peers_deinit(struct peers *peers)
{
	for (unsigned i = 0; i < PEERS_COUNT; i++) {
		if (peers->pid[i] != 0)
			kill(peers->pid[i], SIGTERM);
		end_peer(peers, i);
	}
}

static bool is_there(const struct peers *peers, uint64_t number)
{
	return number < PEERS_COUNT && peers->socket[number] >= 0;
}

int64_t peers_start(struct peers *peers, const char *name)
{
	unsigned number = 0;
	int ends[2];

	if (peers->start == NULL)
		return STATUS_UNSUPPORTED;
	while (number < PEER_CHILD_COUNT_MAX && peers->socket[number] >= 0)
		number++;
	if (number == PEER_CHILD_COUNT_MAX)
		return report(STATUS_LIMIT, "no more than %d programs can be run at a time", PEER_CHILD_COUNT_MAX);
	/* Messages stay whole, and their end is seen. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return report(STATUS_IO, "no sockets for %s: %m", name);
	status result = peers->start(peers->context, name, ends[1], &peers->pid[number]);
	close(ends[1]);
	if (result != STATUS_OK) {
		close(ends[0]);
		return result > 0 ? STATUS_IO : result;
	}
	peers->socket[number] = ends[0];
	return number;
}

int64_t peers_end(struct peers *peers, uint64_t number)
{
	if (number < PEER_CHILD_COUNT_MAX)
		end_peer(peers, (unsigned)number);
	return 0;
}

int64_t peers_wait(struct peers *peers, uint64_t reading, uint64_t writing)
{
	struct pollfd polled[PEERS_COUNT];
	int64_t result = 0;

	for (unsigned i = 0; i < PEERS_COUNT; i++)
		polled[i] = (struct pollfd){
			.fd = ((reading | writing) >> i & 1) ? peers->socket[i] : -1,
			.events = (short)((reading >> i & 1 ? POLLIN : 0) | (writing >> i & 1 ? POLLOUT : 0)),
		};
	if (poll(polled, PEERS_COUNT, WAIT_MS) <= 0)
		return 0;
	for (unsigned i = 0; i < PEERS_COUNT; i++) {
		if (polled[i].revents & (POLLIN | POLLHUP | POLLERR))
			result |= (int64_t)(reading & 1u << i);
		if (polled[i].revents & (POLLOUT | POLLHUP | POLLERR))
			result |= (int64_t)(writing & 1u << i) << WRITING_SHIFT;
	}
	return result;
}

int64_t peers_send(struct peers *peers, uint64_t number, const void *message, size_t size)
{
	if (!is_there(peers, number))
		return STATUS_GONE;
	const ssize_t sent = send(peers->socket[number], message, size, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent == (ssize_t)size)
		return STATUS_OK;
	/* A message goes as a whole or not at all. */
	if (sent >= 0)
		return STATUS_GONE;
	return errno == EAGAIN || errno == EINTR ? STATUS_TORN : STATUS_GONE;
}

int64_t peers_receive(struct peers *peers, uint64_t number, void *message, size_t capacity)
{
	ssize_t size;

	if (!is_there(peers, number))
		return -STATUS_GONE;
	size = recv(peers->socket[number], message, capacity, MSG_DONTWAIT);
	/* It ended with something unread (that nobody reads its output any more). Linux says so before it gives what
	 * is left, once (net/unix/af_unix.c, unix_release_sock()). */
	if (size < 0 && errno == ECONNRESET)
		size = recv(peers->socket[number], message, capacity, MSG_DONTWAIT);
	if (size > 0)
		return size;
	return size < 0 && (errno == EAGAIN || errno == EINTR) ? -STATUS_TORN : -STATUS_GONE;
}
