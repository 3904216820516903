/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/serve/grantor-client.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"
#include "host/serve/agent-address.h"
#include "wire/frame.h"

enum {
	/* A grantor answers in milliseconds; a busy machine, in seconds. */
	ANSWER_TIMEOUT_MS = 10000,
	ANSWER_SIZE_MAX = 1024,
	SENTENCE_SIZE_MAX = 512,
	/* Answers to whoever used a serial port before us. */
	STALE_COUNT_MAX = 16,
};

struct grantor_client {
	int socket;
	bool is_serial;
	uint32_t sequence; /* of the last question */
	uint8_t owner_key[START_OWNER_KEY_SIZE];
	struct frame_reader reader;
	uint8_t answer[ANSWER_SIZE_MAX];
};

static status exchange(struct grantor_client *client, enum grantor_frame_type type, struct span body,
		       struct agent_frame *ret_head)
{
	client->sequence++;
	TRY(frame_write(client->socket, (uint16_t)type, client->sequence, body, ANSWER_TIMEOUT_MS));
	for (int i = 0; i <= STALE_COUNT_MAX; i++) {
		TRY(frame_reader_next(&client->reader, ANSWER_TIMEOUT_MS, ret_head));
		if (ret_head->sequence == client->sequence)
			return STATUS_OK;
		if (!client->is_serial)
			break;
	}
	return STATUS_MALFORMED;
}

/* Send one frame, and get the one that answers it. */
static status converse(struct grantor_client *client, enum grantor_frame_type type, struct span body,
		       struct agent_frame *ret_head)
{
	status result = exchange(client, type, body, ret_head);

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

/* Numbers of a serial port's questions start anywhere: the last user's answers are
 * recognised by theirs. */
static status open_client(struct grantor_client *client, const char *place)
{
	struct agent_address address;

	TRY(agent_address_parse(place, "grantor", &address));
	TRY(agent_address_connect(&address, &client->socket));
	client->is_serial = address.is_serial;
	client->sequence = client->is_serial ? (uint32_t)getpid() << 8 ^ (uint32_t)time(NULL) : 0;
	frame_reader_init(&client->reader, client->socket, client->is_serial, client->answer, sizeof client->answer);
	return ask_key(client);
}

status grantor_client_create(const char *place, struct grantor_client **ret_client)
{
	struct grantor_client *client = calloc(1, sizeof *client);
	status result;

	if (client == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	client->socket = -1;
	result = open_client(client, place);
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
