/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/serve/grantor-client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/report.h"
#include "wire/frame.h"

enum {
	/* A grantor answers in milliseconds; a busy machine, in seconds. */
	ANSWER_TIMEOUT_MS = 10000,
	ANSWER_SIZE_MAX = 1024,
	SENTENCE_SIZE_MAX = 512,
};

struct grantor_client {
	int socket;
	uint8_t owner_key[START_OWNER_KEY_SIZE];
	struct frame_reader reader;
	uint8_t answer[ANSWER_SIZE_MAX];
};

static status connect_to(const char *path, int *ret_socket)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int file;

	if (strlen(path) >= sizeof address.sun_path)
		return report(STATUS_USAGE, "the grantor's socket %s has a path longer than %zu bytes", path,
			      sizeof address.sun_path - 1);
	memcpy(address.sun_path, path, strlen(path));
	file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (file < 0)
		return report(STATUS_IO, "no socket: %m");
	if (connect(file, (struct sockaddr *)&address, sizeof address) == 0) {
		*ret_socket = file;
		return STATUS_OK;
	}
	int error = errno;
	close(file);
	errno = error;
	if (error == EACCES || error == EPERM)
		return report(STATUS_DENIED, "the grantor's socket %s can't be used: %m", path);
	return report(STATUS_MISSING,
		      "no grantor listens on %s: %m; start bartizan-grantor, or leave --grantor out "
		      "for a development grant",
		      path);
}

/* Send one frame, and get the one that answers it. */
static status converse(struct grantor_client *client, enum grantor_frame_type type, struct span body,
		       struct agent_frame *ret_head)
{
	status result = frame_write(client->socket, (uint16_t)type, 0, body, ANSWER_TIMEOUT_MS);

	if (result == STATUS_OK)
		result = frame_reader_next(&client->reader, ANSWER_TIMEOUT_MS, ret_head);
	if (result == STATUS_TORN)
		return report(STATUS_GONE, "the grantor doesn't answer");
	if (result == STATUS_GONE)
		return report(result, "the grantor has hung up");
	if (result == STATUS_MALFORMED)
		return report(result, "what answers on the grantor's socket is no grantor");
	return result;
}

/* What it says, made fit for a terminal. */
static status report_refusal(const struct grantor_client *client, size_t size)
{
	char sentence[SENTENCE_SIZE_MAX];
	size_t part = size < sizeof sentence - 1 ? size : sizeof sentence - 1;

	memcpy(sentence, client->answer, part);
	sentence[part] = '\0';
	/* UTF-8 is passed on; what steers a terminal isn't. */
	for (size_t i = 0; i < part; i++)
		if ((uint8_t)sentence[i] < ' ' || sentence[i] == 0x7f)
			sentence[i] = '?';
	return report(STATUS_DENIED, "the grantor refused: %s", sentence);
}

static status ask_key(struct grantor_client *client)
{
	struct agent_frame head;

	TRY(converse(client, GRANTOR_ASK_KEY, (struct span){NULL, 0}, &head));
	if (head.type != GRANTOR_KEY || head.size != START_OWNER_KEY_SIZE)
		return report(STATUS_MALFORMED, "what answers on the grantor's socket is no grantor");
	memcpy(client->owner_key, client->answer, sizeof client->owner_key);
	return STATUS_OK;
}

status grantor_client_create(const char *path, struct grantor_client **ret_client)
{
	struct grantor_client *client = calloc(1, sizeof *client);
	status result;

	if (client == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	client->socket = -1;
	result = connect_to(path, &client->socket);
	if (result == STATUS_OK) {
		frame_reader_init(&client->reader, client->socket, false, client->answer, sizeof client->answer);
		result = ask_key(client);
	}
	if (result != STATUS_OK) {
		grantor_client_destroy(client);
		return result;
	}
	*ret_client = client;
	return STATUS_OK;
}

void grantor_client_destroy(struct grantor_client *client)
{
	if (client == NULL)
		return;
	if (client->socket >= 0)
		close(client->socket);
	free(client);
}

const uint8_t *grantor_client_owner_key(const struct grantor_client *client)
{
	return client->owner_key;
}

status grantor_client_ask(struct grantor_client *client, struct span request, uint8_t *ret_grant, size_t capacity,
			  size_t *ret_size)
{
	struct agent_frame head;

	TRY(converse(client, GRANTOR_ASK, request, &head));
	if (head.type == GRANTOR_REFUSED)
		return report_refusal(client, head.size);
	if (head.type != GRANTOR_GRANT || head.size == 0 || head.size > capacity)
		return report(STATUS_MALFORMED, "what answers on the grantor's socket is no grantor");
	memcpy(ret_grant, client->answer, head.size);
	*ret_size = head.size;
	return STATUS_OK;
}
