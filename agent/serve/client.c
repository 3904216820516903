/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "agent/source-plan.h"
#include "agent/serve/conversation.h"
#include "agent/serve/greeting.h"
#include "agent/serve/log.h"
#include "base/report.h"

enum {
	CONNECT_S = 10, /* from the connection to its first frame */
	PORT_RETRY_S = 1,
	/* Decoding, OpenSSL and the log's lines need a tenth of it. */
	STACK_SIZE = 256 * 1024,
};

static_assert(sizeof(struct client) + sizeof(struct link_ring) + STACK_SIZE +
			      ((SOURCE_PLAN_STORE_KIB + ANSWERER_STORAGE_KIB_MAX) << 10) <=
		      SERVE_SESSION_KIB_MAX << 10,
	      "a session takes no more than is said");

/* The first frame of a connection, or the next of a port, whenever it comes. */
static status await_frame(struct client *client, int64_t deadline_ns, struct agent_frame *ret_head)
{
	while (!daemon_is_ending(client->daemon) && !client_is_evicted(client) && clock_ns() < deadline_ns) {
		status result = channel_frame(&client->channel, CLIENT_SLICE_MS, ret_head);

		if (result != STATUS_TORN && !client_is_evicted(client))
			return result;
	}
	return STATUS_LIMIT;
}

static void serve_connection(struct client *client)
{
	struct agent_frame head;
	status result = await_frame(client, client_deadline_ns(CONNECT_S), &head);

	if (result == STATUS_MALFORMED)
		result = greeting_refuse(client, "what came is no frame of this protocol");
	else if (result == STATUS_LIMIT && !daemon_is_ending(client->daemon))
		client_count(client, client_is_evicted(client) ? COUNTER_REFUSED_EVICTED : COUNTER_REFUSED_SILENT);
	if (result == STATUS_OK)
		result = greeting_answer(client, &head);
	if (result == STATUS_OK) {
		(void)!conversation_hold(client);
		conversation_end(client);
		channel_end(&client->channel, (struct span){NULL, 0});
	}
}

/* A port has no connections: AGENT_CONNECT begins anew, and everything else is noise. */
static void serve_port_stream(struct client *client)
{
	struct agent_frame head;
	status result = await_frame(client, INT64_MAX, &head);

	while (result == STATUS_OK) {
		bool begun = head.type == AGENT_CONNECT && greeting_answer(client, &head) == STATUS_OK;
		status end = begun ? conversation_hold(client) : STATUS_OK;

		if (begun)
			conversation_end(client);
		if (end == STATUS_GONE)
			return;
		/* What interrupted a session is the next one's AGENT_CONNECT. */
		head = client->channel.reader.head;
		if (end != STATUS_END || head.type != AGENT_CONNECT)
			result = await_frame(client, INT64_MAX, &head);
	}
}

static struct client *client_create(struct daemon *daemon, struct listener *listener)
{
	/* Touched as it is used: a connection that says nothing costs a page or two. */
	struct client *client = aligned_alloc(_Alignof(struct client), sizeof *client);

	if (client == NULL)
		return NULL;
	memset(client, 0, offsetof(struct client, content));
	client->daemon = daemon;
	client->listener = listener;
	client->file = -1;
	return client;
}

static void client_destroy(struct client *client)
{
	channel_deinit(&client->channel);
	if (client->file >= 0)
		close(client->file);
	free(client);
}

/* A session's record of its client, on a Unix socket. */
static void name_client(struct client *client)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t size = sizeof peer;
	int used = snprintf(client->name, sizeof client->name, "client %" PRIu64, client->daemon->client_number);

	if (client->listener->kind != LISTENER_UNIX ||
	    getsockopt(client->file, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return;
	snprintf(client->name + used, sizeof client->name - (size_t)used, " (pid %d, uid %d)", (int)peer.pid,
		 (int)peer.uid);
	client->may_ask_status = peer.uid == 0 || peer.uid == geteuid();
}

/* Until it has proven an enclave, anybody may make its lines. */
static void name_thread(const struct client *client)
{
	log_thread_name_set(client->name);
	log_thread_limit_set(&client->listener->log_limit);
}

static void *run_connection(void *context)
{
	struct client *client = context;

	name_thread(client);
	serve_connection(client);
	daemon_leave(client->daemon, client);
	client_destroy(client);
	return NULL;
}

static void *run_port(void *context)
{
	struct client *client = context;
	const struct timespec pause = {.tv_sec = PORT_RETRY_S};
	int told_error = 0;

	name_thread(client);
	while (!daemon_is_ending(client->daemon)) {
		client->file = listener_open_port(client->listener);
		log_thread_limit_set(NULL); /* told once */
		listener_tell_trouble(client->file < 0 ? errno : 0, &told_error);
		log_thread_limit_set(&client->listener->log_limit);
		if (client->file >= 0) {
			channel_init(&client->channel, client->file, true);
			serve_port_stream(client);
			channel_deinit(&client->channel);
			close(client->file);
			client->file = -1;
		}
		if (!daemon_is_ending(client->daemon))
			nanosleep(&pause, NULL);
	}
	daemon_leave(client->daemon, client);
	client_destroy(client);
	return NULL;
}

/* Its memory is mapped for good, so there is nothing to open again. */
static void *run_shared(void *context)
{
	struct client *client = context;
	const struct agent_hello hello = greeting_hello(client, true);
	status result = STATUS_OK;

	name_thread(client);
	channel_init_shared(&client->channel, client->listener->shared);
	while (!daemon_is_ending(client->daemon) && (result == STATUS_OK || result == STATUS_TORN)) {
		result = channel_greet(&client->channel, &hello, CLIENT_SLICE_MS);
		if (result != STATUS_OK)
			continue;
		(void)!conversation_hold(client);
		conversation_end(client);
		channel_end(&client->channel, (struct span){NULL, 0});
	}
	if (!daemon_is_ending(client->daemon)) {
		log_thread_limit_set(NULL); /* told once */
		log_write(LOG_PRIORITY_WARNING, "not served any more until the agent starts anew");
		__atomic_store_n(&client->listener->is_lost, true, __ATOMIC_RELEASE);
	}
	daemon_leave(client->daemon, client);
	client_destroy(client);
	return NULL;
}

static bool start_thread(void *(*function)(void *), struct client *client)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	bool started = pthread_create(&thread, &attributes, function, client) == 0;
	pthread_attr_destroy(&attributes);
	return started;
}

static void turn_away(struct daemon *daemon, int file, const char *why)
{
	counters_add(&daemon->counters, COUNTER_REFUSED_CROWDED, 1);
	(void)!frame_write(file, AGENT_REFUSED, 0, (struct span){(const uint8_t *)why, strlen(why)}, 0);
}

void client_start(struct daemon *daemon, struct listener *listener, int file)
{
	struct client *client = client_create(daemon, listener);

	counters_add(&daemon->counters, COUNTER_CONNECTIONS, 1);
	if (client == NULL) {
		turn_away(daemon, file, "the agent is out of memory");
		close(file);
		return;
	}
	client->file = file;
	channel_init(&client->channel, file, false);
	if (!daemon_enter(daemon, client, true)) {
		turn_away(daemon, file, "too many clients at once");
		client_destroy(client);
		return;
	}
	name_client(client);
	if (!start_thread(run_connection, client)) {
		turn_away(daemon, file, "the agent can't start another thread");
		daemon_leave(daemon, client);
		client_destroy(client);
	}
}

status client_start_port(struct daemon *daemon, struct listener *listener)
{
	struct client *client = client_create(daemon, listener);

	if (client == NULL)
		return report(STATUS_NO_MEMORY, "out of memory for the port %s", listener->place);
	snprintf(client->name, sizeof client->name, "port %.50s", listener->place);
	if (!daemon_enter(daemon, client, false) ||
	    !start_thread(client->listener->shared != NULL ? run_shared : run_port, client)) {
		client_destroy(client);
		return report(STATUS_NO_MEMORY, "can't start a thread for the port %s", listener->place);
	}
	return STATUS_OK;
}

void client_evict(struct client *client)
{
	__atomic_store_n(&client->is_evicted, true, __ATOMIC_RELEASE);
	channel_hang_up(&client->channel);
}

void client_wake(struct client *client)
{
	channel_wake(&client->channel);
}
