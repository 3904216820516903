/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs in a guest that has no network: Unix sockets there, whose connections are carried by standard input and output
 * to sockets of the test's machine (tests/socket_relay.py).
 *
 * usage: socket-relay PATH…
 * Each way a header and `size` bytes; with size 0 the connection is closed. The other end opens one at its first
 * header.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PLACE_COUNT_MAX = 4, CONNECTION_COUNT_MAX = 32, CHUNK_SIZE = 16 << 10, BACKLOG = 8 };

struct header {
	uint32_t number, place, size;
};

struct connection {
	uint32_t number, place;
};

/* Standard input, the places, the connections; -1: free, which poll() passes over. */
static struct pollfd polls[1 + PLACE_COUNT_MAX + CONNECTION_COUNT_MAX];
static struct pollfd *const places = polls + 1, *const sockets = polls + 1 + PLACE_COUNT_MAX;
static struct connection connections[CONNECTION_COUNT_MAX];
static uint32_t connection_count;

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static bool put(int fd, const void *data, size_t size)
{
	for (ssize_t done; size > 0; data = (const char *)data + done, size -= (size_t)done)
		if ((done = write(fd, data, size)) <= 0)
			return false;
	return true;
}

static void get(void *data, size_t size)
{
	for (ssize_t done; size > 0; data = (char *)data + done, size -= (size_t)done)
		if ((done = read(STDIN_FILENO, data, size)) <= 0)
			exit(EXIT_SUCCESS);
}

static void end(uint32_t i)
{
	close(sockets[i].fd);
	sockets[i].fd = -1;
}

static void carry_out(uint32_t i)
{
	char data[CHUNK_SIZE];
	ssize_t size = read(sockets[i].fd, data, sizeof data);
	const struct header header = {connections[i].number, connections[i].place, size > 0 ? (uint32_t)size : 0};

	if (!put(STDOUT_FILENO, &header, sizeof header) || !put(STDOUT_FILENO, data, header.size))
		fail("standard output");
	if (header.size == 0)
		end(i);
}

static void carry_in(void)
{
	char data[CHUNK_SIZE];
	struct header header;

	get(&header, sizeof header);
	if (header.size > sizeof data)
		fail("a frame that is too long");
	get(data, header.size);
	for (uint32_t i = 0; i < CONNECTION_COUNT_MAX; i++)
		if (sockets[i].fd >= 0 && connections[i].number == header.number &&
		    (header.size == 0 || !put(sockets[i].fd, data, header.size)))
			end(i);
}

static void take(uint32_t place)
{
	int fd = accept(places[place].fd, NULL, NULL);

	for (uint32_t i = 0; i < CONNECTION_COUNT_MAX && fd >= 0; i++)
		if (sockets[i].fd < 0) {
			sockets[i] = (struct pollfd){.fd = fd, .events = POLLIN};
			connections[i] = (struct connection){connection_count++, place};
			return;
		}
	fail("accept");
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, BACKLOG) != 0)
		fail(path);
	return fd;
}

int main(int argc, char **argv)
{
	const size_t count = sizeof polls / sizeof *polls;

	for (size_t i = 0; i < count; i++)
		polls[i] = (struct pollfd){.fd = i == 0 ? STDIN_FILENO : -1, .events = POLLIN};
	for (int i = 0; i + 1 < argc && i < PLACE_COUNT_MAX; i++)
		places[i].fd = listen_at(argv[i + 1]);
	fprintf(stderr, "listening\n");
	while (poll(polls, count, -1) > 0) {
		for (uint32_t i = 0; i < CONNECTION_COUNT_MAX; i++)
			if (sockets[i].fd >= 0 && sockets[i].revents != 0)
				carry_out(i);
		if (polls[0].revents != 0)
			carry_in();
		for (uint32_t i = 0; i < PLACE_COUNT_MAX; i++)
			if (places[i].fd >= 0 && places[i].revents != 0)
				take(i);
	}
	fail("poll");
}
