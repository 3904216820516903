/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/greeting.h"

#include <stdlib.h>
#include <string.h>

#include "agent/serve/log.h"
#include "base/report.h"
#include "link/revocation.h"

struct agent_hello greeting_hello(const struct client *client, bool with_ring)
{
	struct agent_hello hello = {.version = 1, .flags = with_ring ? AGENT_WITH_RING : 0};

	memcpy(hello.source_key, client->daemon->identity.binding.source_key, sizeof hello.source_key);
	memcpy(hello.source_nonce, client->daemon->identity.binding.source_nonce, sizeof hello.source_nonce);
	return hello;
}

static status send_hello(struct client *client, bool with_ring)
{
	const struct agent_hello hello = greeting_hello(client, with_ring);
	const struct span body = {(const uint8_t *)&hello, sizeof hello};

	return with_ring ? channel_share(&client->channel, body) : channel_send(&client->channel, AGENT_HELLO, body);
}

static status send_status(struct client *client)
{
	static const char not_you[] = "only root and the agent's own user may ask for its status";
	char *text = NULL;

	if (client->may_ask_status) {
		json_t *json = daemon_json(client->daemon);
		text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
		json_decref(json);
	}
	struct span body = {(const uint8_t *)(text != NULL ? text : not_you),
			    text != NULL ? strlen(text) : sizeof not_you - 1};
	status result = body.size <= LINK_RING_REPLY_SIZE
				? channel_send(&client->channel, text != NULL ? AGENT_STATUS : AGENT_REFUSED, body)
				: STATUS_LIMIT;
	free(text);
	return result == STATUS_OK ? STATUS_END : result;
}

/* Whose grant it was is ended by its own thread, at its next record or look around. */
static status take_revocation(struct client *client, struct span encoded)
{
	struct daemon *daemon = client->daemon;
	const struct link_binding *own = &daemon->identity.binding;
	struct link_revocation revocation;
	char id[2 * LINK_GRANT_ID_SIZE + 1];

	TRY(link_revocation_decode(encoded, &revocation));
	TRY(link_revocation_check(&revocation, daemon->primitives, own->owner_key, own->source_key));
	/* Of an earlier start of ours, as its grant is: that is void. */
	if (memcmp(revocation.source_nonce, own->source_nonce, sizeof revocation.source_nonce) != 0)
		return STATUS_OK;
	const uint32_t generation = revoked_generation(&daemon->revoked);
	TRY(revoked_add(&daemon->revoked, revocation.grant_id, revocation.valid_until,
			grant_clock_now(&daemon->clock)));
	if (revoked_generation(&daemon->revoked) == generation)
		return STATUS_OK; /* known: anybody who saw it may bring it again */
	identity_hex(revocation.grant_id, sizeof revocation.grant_id, id);
	log_thread_limit_set(NULL);
	log_write(LOG_PRIORITY_NOTICE, "the owner has taken back the grant %s", id);
	client_count(client, COUNTER_REVOCATIONS);
	return STATUS_OK;
}

/* The revocation is whoever's who brings it; that it was taken, only we can prove. */
static status take_and_prove(struct client *client, size_t size, struct span *ret_proof)
{
	const struct daemon *daemon = client->daemon;
	uint8_t asked[LINK_REVOCATION_ASK_SIZE], *proof = client->content;

	static_assert(sizeof client->content >= LINK_REVOCATION_PROOF_SIZE, "a place for it");
	if (size != sizeof asked)
		return take_revocation(client, (struct span){client->channel.request, size});
	memcpy(asked, client->channel.request, sizeof asked);
	TRY(take_revocation(client, (struct span){asked, LINK_REVOCATION_SIZE}));
	TRY(link_revocation_prove(daemon->primitives, daemon->identity.key.secret, asked + LINK_REVOCATION_SIZE, asked,
				  proof));
	*ret_proof = (struct span){proof, LINK_REVOCATION_PROOF_SIZE};
	return STATUS_OK;
}

static status answer_revocation(struct client *client, size_t size)
{
	struct span answer = {0};
	status result = STATUS_LIMIT;

	log_thread_forget();
	log_thread_told_set(true);
	if (listener_take_revocation(client->listener))
		result = take_and_prove(client, size, &answer);
	else
		(void)!report(STATUS_LIMIT, "too many revocations a second: try again in a moment");
	if (result != STATUS_OK) {
		answer = (struct span){(const uint8_t *)log_thread_last(), strlen(log_thread_last())};
		client_count(client, COUNTER_REFUSED_HANDSHAKE);
	}
	TRY(channel_send(&client->channel, result == STATUS_OK ? AGENT_REVOKED : AGENT_REFUSED, answer));
	return STATUS_END;
}

status greeting_refuse(struct client *client, const char *why)
{
	client_count(client, COUNTER_REFUSED_FRAME);
	log_write(LOG_PRIORITY_NOTICE, "%s", why);
	(void)!channel_send(&client->channel, AGENT_REFUSED, (struct span){(const uint8_t *)why, strlen(why)});
	return STATUS_MALFORMED;
}

/* What a connection begins with. STATUS_OK: hello was said, and messages follow. */
status greeting_answer(struct client *client, const struct agent_frame *head)
{
	struct agent_connect ask;

	client->channel.sequence = head->sequence;
	if (head->type == AGENT_ASK_STATUS && head->size == 0)
		return send_status(client);
	if (head->type == AGENT_REVOKE)
		return answer_revocation(client, head->size);
	if (head->type != AGENT_CONNECT || head->size != sizeof ask)
		return greeting_refuse(client, "this isn't how a connection begins (AGENT_CONNECT)");
	memcpy(&ask, client->channel.request, sizeof ask);
	if (ask.version != 1)
		return greeting_refuse(client, "this agent speaks version 1 only");
	return send_hello(client, (ask.flags & AGENT_WITH_RING) != 0 && client->listener->kind == LISTENER_UNIX);
}
