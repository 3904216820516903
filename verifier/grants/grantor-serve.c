/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/grants/grantor-serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/report.h"
#include "base/steady-clock.h"
#include "wire/frame.h"

enum {
	/* A reply fits any socket's buffer; whoever doesn't let it in is cut off. */
	REPLY_TIMEOUT_MS = 100,
	/* The signals, the parent, the listener, then the clients. */
	POLL_SIGNALS = 0,
	POLL_PARENT,
	POLL_LISTENER,
	POLL_CLIENTS,
	POLL_SERIALS = POLL_CLIENTS + GRANTOR_CLIENT_COUNT_MAX,
	POLL_COUNT = POLL_SERIALS + GRANTOR_SERIAL_COUNT_MAX,
};

struct client {
	int socket; /* -1: free */
	int64_t until; /* the steady clock, seconds */
	bool has_asked; /* something that could be answered */
	struct frame_reader reader;
	uint8_t body[sizeof(struct grantor_request)];
};

struct serving {
	const struct grantor_server *server;
	int signals;
	struct client clients[GRANTOR_CLIENT_COUNT_MAX];
	struct client serials[GRANTOR_SERIAL_COUNT_MAX]; /* stay: a port has no visits */
};

static void client_close(struct client *client)
{
	close(client->socket);
	client->socket = -1;
}

/* Who gives way sooner: those who have asked nothing yet, then those who have been here longest. */
static bool gives_way_before(const struct client *a, const struct client *b)
{
	return a->has_asked != b->has_asked ? !a->has_asked : a->until < b->until;
}

/* The slot for a new client; where all are taken, one gives way: nobody can lock
 * others out by staying. */
static struct client *client_slot(struct serving *serving)
{
	struct client *first = &serving->clients[0];

	for (size_t i = 0; i < GRANTOR_CLIENT_COUNT_MAX; i++) {
		struct client *client = &serving->clients[i];

		if (client->socket < 0)
			return client;
		if (gives_way_before(client, first))
			first = client;
	}
	if (!serving->server->is_quiet)
		fprintf(stderr, "bartizan-grantor: %d clients at once: one that %s is cut off for a new one\n",
			GRANTOR_CLIENT_COUNT_MAX, first->has_asked ? "has been here longest" : "has asked nothing");
	client_close(first);
	return first;
}

static void accept_client(struct serving *serving)
{
	int file = accept4(serving->server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *client;

	if (file < 0)
		return; /* gone again, or no descriptor left: the next one may do */
	client = client_slot(serving);
	client->socket = file;
	client->until = steady_clock_s() + GRANTOR_CLIENT_SECONDS_MAX;
	client->has_asked = false;
	frame_reader_init(&client->reader, file, false, client->body, sizeof client->body);
}

static void log_answer(const struct serving *serving, const struct client *client, const struct grantor_reply *reply)
{
	const struct grantor_request *request = (const struct grantor_request *)client->body;

	if (serving->server->is_quiet || reply->type == GRANTOR_KEY)
		return;
	if (reply->type == GRANTOR_GRANT)
		fprintf(stderr, "bartizan-grantor: granted: %.*s\n", (int)sizeof request->target, request->target);
	else
		fprintf(stderr, "bartizan-grantor: refused: %.*s\n", (int)reply->size, (const char *)reply->body);
}

static void serve_client(struct serving *serving, struct client *client)
{
	struct grantor_reply reply;
	struct agent_frame head;
	status result = frame_reader_next(&client->reader, 0, &head);

	if (result == STATUS_TORN)
		return;
	if (result != STATUS_OK) {
		client_close(client);
		return;
	}
	grantor_answer(serving->server->policy, head.type, (struct span){client->body, head.size}, (uint64_t)time(NULL),
		       &reply);
	client->has_asked = true;
	log_answer(serving, client, &reply);
	if (frame_write(client->socket, (uint16_t)reply.type, head.sequence, (struct span){reply.body, reply.size},
			REPLY_TIMEOUT_MS) != STATUS_OK)
		client_close(client);
}

/* Quietly: the VM may not run yet, or not any more. */
static void connect_serial(const char *path, struct client *client)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (file < 0 || connect(file, (const struct sockaddr *)&address, sizeof address) != 0) {
		if (file >= 0)
			close(file);
		return;
	}
	client->socket = file;
	frame_reader_init(&client->reader, file, true, client->body, sizeof client->body);
}

static void connect_serials(struct serving *serving)
{
	for (unsigned int i = 0; i < serving->server->serial_count; i++)
		if (serving->serials[i].socket < 0)
			connect_serial(serving->server->serials[i], &serving->serials[i]);
}

static void serve_clients(struct serving *serving, struct client *clients, const struct pollfd *files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (clients[i].socket >= 0 && files[i].revents != 0)
			serve_client(serving, &clients[i]);
}

static void close_all(struct client *clients, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (clients[i].socket >= 0)
			client_close(&clients[i]);
}

static void end_overdue(struct serving *serving)
{
	const int64_t now = steady_clock_s();

	for (size_t i = 0; i < GRANTOR_CLIENT_COUNT_MAX; i++)
		if (serving->clients[i].socket >= 0 && serving->clients[i].until <= now)
			client_close(&serving->clients[i]);
}

/* One wait and what came of it. STATUS_END: time to end. */
static status serve_once(struct serving *serving)
{
	struct pollfd files[POLL_COUNT] = {
		[POLL_SIGNALS] = {serving->signals, POLLIN, 0},
		[POLL_PARENT] = {serving->server->parent, POLLIN, 0},
		[POLL_LISTENER] = {serving->server->listener, POLLIN, 0},
	};

	connect_serials(serving);
	for (size_t i = 0; i < GRANTOR_CLIENT_COUNT_MAX; i++)
		files[POLL_CLIENTS + i] = (struct pollfd){serving->clients[i].socket, POLLIN, 0};
	for (size_t i = 0; i < GRANTOR_SERIAL_COUNT_MAX; i++)
		files[POLL_SERIALS + i] = (struct pollfd){serving->serials[i].socket, POLLIN, 0};
	/* A second: overdue clients are found in time, and VMs that came up. */
	if (poll(files, POLL_COUNT, 1000) < 0 && errno != EINTR)
		return report(STATUS_IO, "waiting for clients failed: %m");
	if (files[POLL_SIGNALS].revents != 0 || files[POLL_PARENT].revents != 0)
		return STATUS_END;
	serve_clients(serving, serving->clients, &files[POLL_CLIENTS], GRANTOR_CLIENT_COUNT_MAX);
	serve_clients(serving, serving->serials, &files[POLL_SERIALS], GRANTOR_SERIAL_COUNT_MAX);
	if (files[POLL_LISTENER].revents != 0)
		accept_client(serving);
	end_overdue(serving);
	return STATUS_OK;
}

static status open_signals(int *ret_file)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	*ret_file = signalfd(-1, &set, SFD_CLOEXEC);
	return *ret_file < 0 ? report(STATUS_IO, "no signalfd: %m") : STATUS_OK;
}

status grantor_serve(const struct grantor_server *server)
{
	struct serving *serving = calloc(1, sizeof *serving);
	status result;

	if (serving == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	serving->server = server;
	for (size_t i = 0; i < GRANTOR_CLIENT_COUNT_MAX; i++)
		serving->clients[i].socket = -1;
	for (size_t i = 0; i < GRANTOR_SERIAL_COUNT_MAX; i++)
		serving->serials[i].socket = -1;
	result = open_signals(&serving->signals);
	while (result == STATUS_OK)
		result = serve_once(serving);
	close_all(serving->clients, GRANTOR_CLIENT_COUNT_MAX);
	close_all(serving->serials, GRANTOR_SERIAL_COUNT_MAX);
	free(serving);
	return result == STATUS_END ? STATUS_OK : result;
}
