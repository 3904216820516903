/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/serve/verifier-client.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/report.h"
#include "host/serve/agent-address.h"
#include "wire/call.h"

struct verifier_client {
	struct agent_address address;
	int socket; /* -1: none */
	bool has_failed; /* the last attempt to connect */
};

static status find_place(const char *place, struct agent_address *ret_address)
{
	TRY(agent_address_parse(place, "verifier", ret_address));
	if (ret_address->kind == AGENT_ADDRESS_SERIAL || ret_address->kind == AGENT_ADDRESS_IVSHMEM ||
	    ret_address->kind == AGENT_ADDRESS_SMM)
		return report(STATUS_USAGE,
			      "a verifier is reached by unix:PATH, tcp:HOST:PORT or vsock:CID:PORT, not "
			      "by %s",
			      place);
	return STATUS_OK;
}

/* The enclave tries again and again: once said is enough. */
static void say_nothing(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

status verifier_client_connect(struct verifier_client *client)
{
	report_sink sink;
	void *context;

	if (client->socket >= 0)
		close(client->socket);
	client->socket = -1;
	report_sink_get(&sink, &context);
	if (client->has_failed)
		report_sink_set(say_nothing, NULL);
	status result = agent_address_connect(&client->address, &client->socket);
	if (client->has_failed)
		report_sink_set(sink, context);
	client->has_failed = result != STATUS_OK;
	return result;
}

status verifier_client_create(const char *place, struct verifier_client **ret_client)
{
	struct verifier_client *client = calloc(1, sizeof *client);

	if (client == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	client->socket = -1;
	status result = find_place(place, &client->address);
	if (result == STATUS_OK)
		result = verifier_client_connect(client);
	if (result != STATUS_OK) {
		verifier_client_destroy(client);
		return result;
	}
	*ret_client = client;
	return STATUS_OK;
}

void verifier_client_destroy(struct verifier_client *client)
{
	if (client == NULL)
		return;
	if (client->socket >= 0)
		close(client->socket);
	free(client);
}

/* Can it be done in time? */
static bool wait_for(const struct verifier_client *client, short events, uint64_t wait_ms)
{
	struct pollfd waiting = {.fd = client->socket, .events = events};

	return poll(&waiting, 1, wait_ms < CALL_VERIFIER_WAIT_MS_MAX ? (int)wait_ms : CALL_VERIFIER_WAIT_MS_MAX) > 0;
}

/* What a transfer that failed means: later, or never again. */
static int64_t failure(int code)
{
	return code == EAGAIN || code == EWOULDBLOCK || code == EINTR ? 0 : (int64_t)STATUS_IO;
}

int64_t verifier_client_send(struct verifier_client *client, const void *bytes, size_t size)
{
	if (client->socket < 0)
		return STATUS_IO;
	if (!wait_for(client, POLLOUT, CALL_VERIFIER_WAIT_MS_MAX))
		return 0;
	ssize_t count = send(client->socket, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	return count >= 0 ? count : failure(errno);
}

int64_t verifier_client_receive(struct verifier_client *client, void *bytes, size_t size, uint64_t wait_ms)
{
	if (client->socket < 0)
		return STATUS_IO;
	if (!wait_for(client, POLLIN, wait_ms))
		return 0;
	ssize_t count = recv(client->socket, bytes, size, MSG_DONTWAIT);
	if (count == 0)
		return STATUS_IO;
	return count > 0 ? count : failure(errno);
}
