/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/daemon/control.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/report.h"
#include "verifier/grants/keys.h"

const char *const control_subject_names[] = {
	[LEDGER_SUBJECT_TARGET] = "target",
	[LEDGER_SUBJECT_ENCLAVE] = "enclave",
	[LEDGER_SUBJECT_SOURCE] = "source",
	[LEDGER_SUBJECT_GRANT] = "grant",
};

struct client {
	struct control *control;
	struct bufferevent *stream;
	uid_t user;
	TAILQ_ENTRY(client) entry;
};

TAILQ_HEAD(clients, client);

struct control {
	struct event_base *base;
	struct evconnlistener *listener;
	control_apply apply;
	void *context;
	struct clients clients;
	size_t client_count;
};

static void client_end(struct client *client)
{
	struct control *control = client->control;

	TAILQ_REMOVE(&control->clients, client, entry);
	control->client_count--;
	bufferevent_free(client->stream);
	free(client);
}

static status parse_subject(const char *kind, const char *value, struct ledger_subject *ret_subject)
{
	static const size_t sizes[] = {[LEDGER_SUBJECT_ENCLAVE] = LEDGER_HASH_SIZE,
				       [LEDGER_SUBJECT_SOURCE] = LEDGER_KEY_SIZE,
				       [LEDGER_SUBJECT_GRANT] = LEDGER_GRANT_ID_SIZE};
	struct ledger_subject subject = {.size = strlen(value) / 2};

	for (size_t i = 0; i < CONTROL_SUBJECT_COUNT; i++) {
		if (strcmp(kind, control_subject_names[i]) != 0)
			continue;
		subject.kind = (enum ledger_subject_kind)i;
		bool has_size = i == LEDGER_SUBJECT_TARGET ? subject.size > 0 && subject.size < LEDGER_NAME_SIZE
							   : subject.size == sizes[i];
		if (!has_size || key_from_hex(value, subject.value, subject.size) != STATUS_OK)
			return STATUS_MALFORMED;
		*ret_subject = subject;
		return STATUS_OK;
	}
	return STATUS_MALFORMED;
}

status control_parse(const char *line, struct control_request *ret_request)
{
	char verb[8], kind[8], value[2 * LEDGER_NAME_SIZE + 1];
	struct control_request request = {0};
	int used = 0;

	for (const char *c = line; *c != '\0'; c++)
		if (*c < 0x20 || *c > 0x7e)
			return STATUS_MALFORMED;
	if (sscanf(line, "%7s %7s %128s%n", verb, kind, value, &used) != 3)
		return STATUS_MALFORMED;
	if ((line[used] != '\0' && line[used] != ' ') || (strcmp(verb, "revoke") != 0 && strcmp(verb, "lift") != 0))
		return STATUS_MALFORMED;
	TRY(parse_subject(kind, value, &request.subject));
	request.is_lift = verb[0] == 'l';
	const char *reason = line + used + (line[used] == ' ');
	if (strlen(reason) >= sizeof request.reason)
		return STATUS_MALFORMED;
	snprintf(request.reason, sizeof request.reason, "%s", reason);
	*ret_request = request;
	return STATUS_OK;
}

static void answer(struct client *client, const char *line)
{
	struct control *control = client->control;
	char words[CONTROL_WORDS_SIZE] = "what was asked isn't understood";
	struct control_request request;
	status result = control_parse(line, &request);

	request.user = client->user;
	if (result == STATUS_OK)
		result = control->apply(control->context, &request, words);
	evbuffer_add_printf(bufferevent_get_output(client->stream), "%s %s\n", result == STATUS_OK ? "ok" : "error",
			    words);
}

static void readable(struct bufferevent *stream, void *context)
{
	struct client *client = context;
	char *line = evbuffer_readln(bufferevent_get_input(stream), NULL, EVBUFFER_EOL_LF);

	if (line == NULL) {
		if (evbuffer_get_length(bufferevent_get_input(stream)) >= CONTROL_LINE_SIZE)
			client_end(client);
		return;
	}
	bufferevent_disable(stream, EV_READ);
	answer(client, line);
	free(line);
}

/* One line, and it was answered. */
static void written(struct bufferevent *stream, void *context)
{
	if ((bufferevent_get_enabled(stream) & EV_READ) == 0)
		client_end(context);
}

static void happened(struct bufferevent *stream, short what, void *context)
{
	(void)stream, (void)what;
	client_end(context);
}

/* The socket's mode keeps others out; this also where it was changed. */
static bool is_operator(int file, uid_t *ret_user)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t size = sizeof peer;

	if (getsockopt(file, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return false;
	*ret_user = peer.uid;
	return peer.uid == 0 || peer.uid == geteuid();
}

static status client_create(struct control *control, int file, uid_t user)
{
	const struct timeval wait = {.tv_sec = CONTROL_CLIENT_SECONDS};
	struct client *client = calloc(1, sizeof *client);

	if (client == NULL)
		return STATUS_NO_MEMORY;
	*client = (struct client){.control = control, .user = user};
	client->stream = bufferevent_socket_new(control->base, file, BEV_OPT_CLOSE_ON_FREE);
	if (client->stream == NULL) {
		free(client);
		return STATUS_NO_MEMORY;
	}
	TAILQ_INSERT_TAIL(&control->clients, client, entry);
	control->client_count++;
	bufferevent_setcb(client->stream, readable, written, happened, client);
	bufferevent_setwatermark(client->stream, EV_READ, 0, CONTROL_LINE_SIZE);
	bufferevent_set_timeouts(client->stream, &wait, &wait);
	bufferevent_enable(client->stream, EV_READ | EV_WRITE);
	return STATUS_OK;
}

static void came(struct evconnlistener *listener, int file, struct sockaddr *address, int size, void *context)
{
	struct control *control = context;
	uid_t user;

	(void)listener, (void)address, (void)size;
	if (control->client_count >= CONTROL_CLIENT_COUNT_MAX || !is_operator(file, &user) ||
	    client_create(control, file, user) != STATUS_OK)
		close(file);
}

status control_create(struct event_base *base, int listener, control_apply apply, void *context,
		      struct control **ret_control)
{
	struct control *control = calloc(1, sizeof *control);

	if (control != NULL) {
		*control = (struct control){.base = base, .apply = apply, .context = context};
		TAILQ_INIT(&control->clients);
		control->listener = evconnlistener_new(base, came, control,
						       LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, listener);
	}
	if (control == NULL || control->listener == NULL) {
		close(listener);
		free(control);
		return report(STATUS_NO_MEMORY, "out of memory");
	}
	*ret_control = control;
	return STATUS_OK;
}

void control_destroy(struct control *control)
{
	if (control == NULL)
		return;
	while (!TAILQ_EMPTY(&control->clients))
		client_end(TAILQ_FIRST(&control->clients));
	evconnlistener_free(control->listener);
	free(control);
}
