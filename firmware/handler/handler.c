/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/handler/handler.h"

#include <string.h>

#include "base/report.h"
#include "base/writer.h"
#include "firmware/handler/answer.h"
#include "wire/agent.h"

/* One message on its way through. */
struct call {
	struct firmware_handler *handler;
	const struct firmware_caller *caller;
	struct firmware_buffer buffer;
	uint32_t number; /* the session that it names */
	struct span message; /* in handler->input */
	size_t reply_size; /* of the message in handler->output, behind the head */
};

status firmware_handler_init(struct firmware_handler *handler, const struct firmware_settings *settings)
{
	memset(handler, 0, sizeof *handler);
	/* Not zeros, as pages are that nobody uses: whoever looks at SMRAM from outside can tell these from such. */
	memset(handler->quotas, 0xff, sizeof handler->quotas);
	handler->primitives = settings->primitives;
	handler->accept_sim = settings->accept_sim;
	handler->accept_debug = settings->accept_debug;
	handler->map = settings->map;
	handler->memory = settings->memory;
	handler->machine = settings->machine;
	handler->earliest_time = settings->earliest_time;
	const size_t name_size = strlen(settings->target);
	if (name_size >= START_TARGET_SIZE)
		return report(STATUS_USAGE, "a target's name has at most %d bytes", START_TARGET_SIZE - 1);
	memcpy(handler->target, settings->target, name_size);
	if (!link_target_is_valid(handler->target))
		return report(STATUS_USAGE, "that is no target's name");
	TRY(link_key_pair_init(&handler->key, settings->primitives));
	memcpy(handler->binding.owner_key, settings->owner_key, START_OWNER_KEY_SIZE);
	memcpy(handler->binding.source_key, handler->key.public, START_KEY_SIZE);
	return settings->primitives->random(handler->binding.source_nonce, START_NONCE_SIZE);
}

static struct firmware_session *session_find(struct firmware_handler *handler, uint32_t number)
{
	for (size_t i = 0; number != 0 && i < FIRMWARE_SESSION_COUNT + FIRMWARE_HALF_OPEN_COUNT; i++)
		if (handler->sessions[i].number == number)
			return &handler->sessions[i];
	return NULL;
}

/* A free place among [first, first + count), or the one that was used least recently. */
static struct firmware_session *session_place(struct firmware_handler *handler, size_t first, size_t count)
{
	struct firmware_session *oldest = &handler->sessions[first];

	for (size_t i = first; i < first + count; i++) {
		struct firmware_session *session = &handler->sessions[i];

		if (session->number == 0)
			return session;
		if (session->used_at < oldest->used_at)
			oldest = session;
	}
	return oldest;
}

static void session_end(struct firmware_session *session)
{
	link_session_deinit(&session->link);
	link_wipe(session, sizeof *session);
}

static uint32_t session_number(struct firmware_handler *handler)
{
	/* 2^32 handshakes are some hours of nothing else; a number that is still used is passed over. */
	do {
		handler->last_number++;
	} while (handler->last_number == 0 || session_find(handler, handler->last_number) != NULL);
	return handler->last_number;
}

/* What the owner dated is so late at least, whomever it is for. */
static void note_time(struct firmware_handler *handler, const struct link_grant *grant)
{
	if (grant->issued_at > handler->earliest_time)
		handler->earliest_time = grant->issued_at;
}

static status check_grant(struct firmware_handler *handler, const struct link_caller *caller,
			  struct link_grant *ret_grant)
{
	const struct link_grant_use use = {
		.enclave_key = caller->key,
		.source_key = handler->binding.source_key,
		.source_nonce = handler->binding.source_nonce,
		.target = caller->target,
		.now = 0, /* there is no clock to trust; what is known of time: is_over() */
	};

	TRY(link_grant_decode((struct span){caller->payload, caller->payload_size}, ret_grant));
	TRY(link_grant_verify(ret_grant, handler->primitives, handler->binding.owner_key));
	note_time(handler, ret_grant);
	TRY(link_grant_check_use(ret_grant, &use));
	if (strcmp(ret_grant->target, handler->target) != 0)
		return report(STATUS_DENIED, "the grant is for another target");
	if (ret_grant->backend == LINK_BACKEND_SIM && !handler->accept_sim)
		return report(STATUS_DENIED, "the grant is for a simulated enclave");
	if ((ret_grant->flags & LINK_GRANT_DEBUG) != 0 && !handler->accept_debug)
		return report(STATUS_DENIED, "the grant tolerates debug enclaves");
	if (ret_grant->quota_bytes == UINT64_MAX || ret_grant->quota_requests == UINT64_MAX)
		return report(STATUS_DENIED, "the grant has no limit, and here nothing else ends it");
	return STATUS_OK;
}

static bool is_over(const struct firmware_handler *handler, const struct link_grant *grant)
{
	return grant->valid_until <= handler->earliest_time;
}

/* Where the grant's quota stands, or would: behind where its name, which the owner made at random, says. */
static struct firmware_quota *quota_place(struct firmware_handler *handler, const uint8_t *grant_id)
{
	uint32_t at;

	memcpy(&at, grant_id, sizeof at);
	/* A quarter of the places is free at least, so there is an end. */
	for (;; at++) {
		struct firmware_quota *quota = &handler->quotas[at % FIRMWARE_GRANT_PLACE_COUNT];

		if (quota->is_free || memcmp(quota->grant_id, grant_id, LINK_GRANT_ID_SIZE) == 0)
			return quota;
	}
}

/* The quota of a grant, as far as it is used up already. NULL: more grants than can be counted. */
static struct firmware_quota *quota_find(struct firmware_handler *handler, const struct firmware_session *session)
{
	struct firmware_quota *quota = quota_place(handler, session->grant_id);

	if (!quota->is_free)
		return quota;
	if (handler->quota_count == FIRMWARE_GRANT_COUNT_MAX)
		return NULL;
	handler->quota_count++;
	*quota = (struct firmware_quota){
		.bytes_left = session->quota_bytes,
		.requests_left = session->quota_requests,
	};
	memcpy(quota->grant_id, session->grant_id, LINK_GRANT_ID_SIZE);
	return quota;
}

/* Half-open, of what was tried; its number. */
static uint32_t session_begin(struct firmware_handler *handler, const struct link_grant *grant)
{
	struct firmware_session *session = session_place(handler, FIRMWARE_SESSION_COUNT, FIRMWARE_HALF_OPEN_COUNT);

	session_end(session);
	session->number = session_number(handler);
	session->used_at = handler->message_count;
	session->rights = grant->rights;
	session->quota_bytes = grant->quota_bytes;
	session->quota_requests = grant->quota_requests;
	memcpy(session->grant_id, grant->id, LINK_GRANT_ID_SIZE);
	session->link = handler->trial;
	return session->number;
}

/* FIRST: everything is checked on a copy before a half-open session has to go for it. */
static enum firmware_refusal handle_first(struct call *call)
{
	struct firmware_handler *handler = call->handler;
	uint8_t *output = handler->output + FIRMWARE_HEAD_SIZE;
	struct link_caller caller;
	struct link_grant grant;

	status result = link_session_accept(&handler->trial, handler->primitives, &handler->key, &handler->binding,
					    call->message, &caller);
	if (result == STATUS_OK)
		result = check_grant(handler, &caller, &grant);
	if (result == STATUS_OK && is_over(handler, &grant))
		return FIRMWARE_EXPIRED;
	if (result == STATUS_OK)
		result = link_session_answer(&handler->trial, output, FIRMWARE_MESSAGE_SIZE_MAX, &call->reply_size);
	if (result != STATUS_OK)
		return FIRMWARE_GRANT;
	if (FIRMWARE_HEAD_SIZE + call->reply_size > call->buffer.size)
		return FIRMWARE_REPLY_SIZE;
	call->number = session_begin(handler, &grant);
	return FIRMWARE_ACCEPTED;
}

/* The first record proves the session: it moves to the others, and its quota is known from now on. */
static struct firmware_session *session_prove(struct firmware_handler *handler, struct firmware_session *session)
{
	struct firmware_quota *quota = quota_find(handler, session);

	if (quota == NULL)
		return NULL;
	struct firmware_session *place = session_place(handler, 0, FIRMWARE_SESSION_COUNT);
	session_end(place);
	*place = *session;
	place->quota = quota;
	session_end(session);
	return place;
}

static enum firmware_refusal finish_close(struct call *call, struct firmware_session *session)
{
	struct firmware_handler *handler = call->handler;

	if (FIRMWARE_HEAD_SIZE + LINK_SEAL_OVERHEAD > call->buffer.size)
		return FIRMWARE_REPLY_SIZE;
	if (link_close(&handler->trial, handler->output + FIRMWARE_HEAD_SIZE, FIRMWARE_MESSAGE_SIZE_MAX,
		       &call->reply_size) != STATUS_OK)
		return FIRMWARE_INTERNAL;
	session_end(session);
	return FIRMWARE_ACCEPTED;
}

/* Where a reply is made: there it is sealed in place. */
static uint8_t *reply_content(struct firmware_handler *handler)
{
	return handler->output + FIRMWARE_HEAD_SIZE + LINK_HEAD_SIZE;
}

/* Sealed in SMRAM, then copied out: nobody sees half a record. */
static enum firmware_refusal seal_reply(struct call *call, size_t size)
{
	struct firmware_handler *handler = call->handler;

	return link_seal(&handler->trial, (struct span){reply_content(handler), size},
			 handler->output + FIRMWARE_HEAD_SIZE, FIRMWARE_MESSAGE_SIZE_MAX,
			 &call->reply_size) == STATUS_OK
		       ? FIRMWARE_ACCEPTED
		       : FIRMWARE_INTERNAL;
}

/* The session with its quota; its first record proves it. NULL: no room for its grant. */
static struct firmware_session *session_use(struct firmware_handler *handler, struct firmware_session *session)
{
	if (session->quota == NULL)
		session = session_prove(handler, session);
	if (session != NULL)
		session->used_at = handler->message_count;
	return session;
}

static enum firmware_refusal send_reply(struct call *call, struct firmware_session *session, size_t size)
{
	enum firmware_refusal refusal = seal_reply(call, size);

	if (refusal == FIRMWARE_ACCEPTED)
		session->link = call->handler->trial;
	return refusal;
}

static enum firmware_refusal handle_plan(struct call *call, struct firmware_session *session, size_t content_size)
{
	const size_t around = FIRMWARE_HEAD_SIZE + LINK_SEAL_OVERHEAD;
	struct firmware_handler *handler = call->handler;
	size_t size;

	if (call->buffer.size < around + LINK_PLAN_REPLY_SIZE_MIN)
		return FIRMWARE_REPLY_SIZE;
	if (firmware_plan_take(handler, (struct span){handler->content, content_size}) != STATUS_OK)
		return FIRMWARE_FORMAT;
	session = session_use(handler, session);
	if (session == NULL)
		return FIRMWARE_NO_PLACE;
	const bool is_still = handler->machine->gather(handler->machine);
	if (firmware_answer_plan(handler, session, is_still, reply_content(handler), call->buffer.size - around,
				 &size) != STATUS_OK)
		return FIRMWARE_INTERNAL;
	return send_reply(call, session, size);
}

/* A reply is sealed as long as its request makes it, whatever of that is there; a CPU's registers are little to seal,
 * but that CPU has to be waited for. */
static bool is_too_much(const struct link_request *request)
{
	uint32_t cpu_count = 0;

	for (uint32_t i = 0; i < request->operation_count; i++)
		cpu_count += request->operation[i].type == LINK_REGISTERS;
	return cpu_count > SMI_REGISTERS_MAX ||
	       link_request_reply_size(request) > LINK_REPLY_HEAD_SIZE + SMI_READ_PAGES_MAX * LINK_PAGE_SIZE;
}

static enum firmware_refusal handle_request(struct call *call, struct firmware_session *session, size_t content_size)
{
	struct firmware_handler *handler = call->handler;
	struct link_request request;

	if (link_plan_request_is((struct span){handler->content, content_size}))
		return handle_plan(call, session, content_size);
	/* Sealed by an enclave with a grant, and yet no request: its own fault, and its end. */
	if (link_request_decode((struct span){handler->content, content_size}, &request) != STATUS_OK)
		return FIRMWARE_FORMAT;
	if (is_too_much(&request))
		return FIRMWARE_TOO_MUCH;
	const size_t reply_size = link_request_reply_size(&request);
	if (FIRMWARE_HEAD_SIZE + LINK_SEAL_OVERHEAD + reply_size > call->buffer.size)
		return FIRMWARE_REPLY_SIZE;
	session = session_use(handler, session);
	if (session == NULL)
		return FIRMWARE_NO_PLACE;
	const bool is_still = handler->machine->gather(handler->machine);
	if (firmware_answer(handler, session, call->caller, &request, is_still, reply_content(handler)) != STATUS_OK)
		return FIRMWARE_INTERNAL;
	return send_reply(call, session, reply_size);
}

static enum firmware_refusal handle_record(struct call *call)
{
	struct firmware_handler *handler = call->handler;
	struct firmware_session *session = session_find(handler, call->number);
	size_t content_size;

	if (session == NULL)
		return FIRMWARE_SESSION;
	handler->trial = session->link;
	status result =
		link_open(&handler->trial, call->message, handler->content, sizeof handler->content, &content_size);
	if (result == STATUS_END)
		return finish_close(call, session);
	return result == STATUS_OK ? handle_request(call, session, content_size) : FIRMWARE_SESSION;
}

/* The head, copied once, then the message that it announces, copied once. */
static enum firmware_refusal take_message(struct call *call)
{
	struct firmware_handler *handler = call->handler;
	uint32_t magic, size, zero;
	struct reader reader;

	if (call->buffer.size < FIRMWARE_HEAD_SIZE)
		return FIRMWARE_FORMAT;
	if (firmware_buffer_read(&call->buffer, handler->memory, 0, handler->input, FIRMWARE_HEAD_SIZE) != STATUS_OK)
		return FIRMWARE_INTERNAL;
	reader_init(&reader, (struct span){handler->input, FIRMWARE_HEAD_SIZE});
	if (reader_u32(&reader, &magic) != STATUS_OK || reader_u32(&reader, &call->number) != STATUS_OK ||
	    reader_u32(&reader, &size) != STATUS_OK || reader_u32(&reader, &zero) != STATUS_OK)
		return FIRMWARE_FORMAT;
	if (magic != FIRMWARE_MAGIC || zero != 0 || size > call->buffer.size - FIRMWARE_HEAD_SIZE ||
	    size > FIRMWARE_REQUEST_SIZE_MAX)
		return FIRMWARE_FORMAT;
	call->message = (struct span){handler->input + FIRMWARE_HEAD_SIZE, size};
	return firmware_buffer_read(&call->buffer, handler->memory, FIRMWARE_HEAD_SIZE,
				    handler->input + FIRMWARE_HEAD_SIZE, size) == STATUS_OK
		       ? FIRMWARE_ACCEPTED
		       : FIRMWARE_INTERNAL;
}

static enum firmware_refusal give_reply(struct call *call)
{
	struct firmware_handler *handler = call->handler;
	struct writer writer;

	writer_init(&writer, handler->output, FIRMWARE_HEAD_SIZE);
	if (writer_u32(&writer, FIRMWARE_MAGIC) != STATUS_OK || writer_u32(&writer, call->number) != STATUS_OK ||
	    writer_u32(&writer, (uint32_t)call->reply_size) != STATUS_OK || writer_u32(&writer, 0) != STATUS_OK)
		return FIRMWARE_INTERNAL;
	handler->memory->open(handler->memory, call->buffer.pages, call->buffer.page_count);
	status result = firmware_buffer_write(&call->buffer, handler->memory, 0, handler->output,
					      (uint32_t)(FIRMWARE_HEAD_SIZE + call->reply_size));
	handler->memory->close(handler->memory);
	return result == STATUS_OK ? FIRMWARE_ACCEPTED : FIRMWARE_INTERNAL;
}

static enum firmware_refusal handle_hello(struct call *call)
{
	struct firmware_handler *handler = call->handler;
	struct agent_hello hello = {.version = 1};

	if (call->number != 0)
		return FIRMWARE_FORMAT;
	if (FIRMWARE_HEAD_SIZE + sizeof hello > call->buffer.size)
		return FIRMWARE_REPLY_SIZE;
	memcpy(hello.source_key, handler->binding.source_key, sizeof hello.source_key);
	memcpy(hello.source_nonce, handler->binding.source_nonce, sizeof hello.source_nonce);
	memcpy(handler->output + FIRMWARE_HEAD_SIZE, &hello, sizeof hello);
	call->reply_size = sizeof hello;
	return FIRMWARE_ACCEPTED;
}

static enum firmware_refusal handle_message(struct call *call)
{
	struct link_head head;
	struct span body;

	if (call->message.size == 0)
		return handle_hello(call);
	if (link_message_parse(call->message, &head, &body) != STATUS_OK)
		return FIRMWARE_FORMAT;
	switch ((enum link_message_type)head.type) {
	case LINK_MESSAGE_FIRST: return handle_first(call);
	case LINK_MESSAGE_RECORD:
	case LINK_MESSAGE_CLOSE: return handle_record(call);
	default: return FIRMWARE_FORMAT;
	}
}

enum firmware_refusal firmware_handler_call(struct firmware_handler *handler, const struct firmware_caller *caller)
{
	struct call call = {.handler = handler, .caller = caller};

	handler->message_count++;
	handler->memory->open(handler->memory, NULL, 0);
	enum firmware_refusal refusal = firmware_buffer_find(handler->map, handler->memory, caller, &call.buffer);
	if (refusal == FIRMWARE_ACCEPTED)
		refusal = take_message(&call);
	handler->memory->close(handler->memory);
	if (refusal == FIRMWARE_ACCEPTED)
		refusal = handle_message(&call);
	if (refusal == FIRMWARE_ACCEPTED)
		refusal = give_reply(&call);
	/* Most that comes from nobody gets no session. */
	if (handler->trial.state != LINK_UNUSED)
		link_session_deinit(&handler->trial);
	return refusal;
}
