/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/report.h"
#include "base/writer.h"
#include "link/session.h"

enum { PROLOGUE_SIZE = 15 + START_OWNER_KEY_SIZE + START_KEY_SIZE + START_NONCE_SIZE + START_TARGET_SIZE };

/* The session is over; what is said of it from now on is `fault`. */
static status fail(struct link_session *session, status fault)
{
	session->state = LINK_FAILED;
	session->fault = fault;
	link_noise_deinit(&session->noise);
	return fault;
}

/* Is the session where the caller thinks it is? */
static status expect(const struct link_session *session, enum link_session_state state)
{
	if (session->state == LINK_FAILED)
		return session->fault;
	if (session->state != state)
		return report(STATUS_USAGE, "a session of the link in state %d was used as in state %d",
			      (int)session->state, (int)state);
	return STATUS_OK;
}

/* All parts have fixed sizes, so no two bindings give the same bytes. */
static struct span make_prologue(const struct link_binding *binding, const char *target,
				 uint8_t prologue[PROLOGUE_SIZE])
{
	struct writer writer;

	writer_init(&writer, prologue, PROLOGUE_SIZE);
	/* They fit: PROLOGUE_SIZE is their sum. */
	(void)(writer_bytes(&writer, "Bartizan link 1", 15) == STATUS_OK &&
	       writer_bytes(&writer, binding->owner_key, sizeof binding->owner_key) == STATUS_OK &&
	       writer_bytes(&writer, binding->source_key, sizeof binding->source_key) == STATUS_OK &&
	       writer_bytes(&writer, binding->source_nonce, sizeof binding->source_nonce) == STATUS_OK &&
	       writer_bytes(&writer, target, START_TARGET_SIZE) == STATUS_OK);
	return (struct span){.data = prologue, .size = writer.position};
}

static void session_init(struct link_session *session, const struct link_primitives *primitives, bool is_initiator)
{
	memset(session, 0, sizeof *session);
	session->primitives = primitives;
	session->is_initiator = is_initiator;
}

status link_session_init_initiator(struct link_session *session, const struct link_primitives *primitives,
				   const struct link_key_pair *own, const struct link_binding *binding,
				   const char target[static START_TARGET_SIZE])
{
	uint8_t prologue[PROLOGUE_SIZE];

	session_init(session, primitives, true);
	memcpy(session->target, target, sizeof session->target);
	if (!link_target_is_valid(target))
		return fail(session, report(STATUS_USAGE, "the target's name is empty, too long or not plain ASCII"));
	status result = link_noise_init_initiator(&session->noise, primitives, own, binding->source_key,
						  make_prologue(binding, target, prologue));
	if (result != STATUS_OK)
		return fail(session, result);
	session->state = LINK_STARTED;
	return STATUS_OK;
}

void link_session_deinit(struct link_session *session)
{
	if (session->ahead != NULL)
		link_wipe(session->ahead, sizeof *session->ahead);
	link_wipe(session, sizeof *session);
}

void link_session_lend(struct link_session *session, struct link_ahead *ahead)
{
	memset(ahead, 0, sizeof *ahead);
	session->ahead = ahead;
}

/* Split() and the two directions' first keys. */
static status begin_records(struct link_session *session)
{
	uint8_t there[LINK_KEY_SIZE], back[LINK_KEY_SIZE];

	status result = link_noise_split(&session->noise, there, back);
	if (result == STATUS_OK) {
		memcpy(session->send_secret, session->is_initiator ? there : back, LINK_KEY_SIZE);
		memcpy(session->receive_secret, session->is_initiator ? back : there, LINK_KEY_SIZE);
		session->primitives->aead_init(&session->send_key, session->send_secret);
		session->primitives->aead_init(&session->receive_key, session->receive_secret);
		session->state = LINK_READY;
		/* The ephemeral keys go with it: from here on, no static key opens the records. */
		link_noise_deinit(&session->noise);
	}
	link_wipe(there, sizeof there);
	link_wipe(back, sizeof back);
	return result;
}

status link_session_first(struct link_session *session, struct span payload, uint8_t *message, size_t capacity,
			  size_t *ret_size)
{
	size_t size = payload.size + LINK_FIRST_OVERHEAD;

	TRY(expect(session, LINK_STARTED));
	if (payload.size > LINK_PAYLOAD_SIZE_MAX || capacity < size)
		return report(STATUS_LIMIT,
			      "a first message with a payload of %zu bytes (at most %d) doesn't fit into %zu",
			      payload.size, LINK_PAYLOAD_SIZE_MAX, capacity);
	link_head_write(&(struct link_head){.type = LINK_MESSAGE_FIRST, .size = (uint32_t)(size - LINK_HEAD_SIZE)},
			message);
	memcpy(message + LINK_HEAD_SIZE, session->target, START_TARGET_SIZE);
	status result = link_noise_write_first(&session->noise, payload, message + LINK_HEAD_SIZE + START_TARGET_SIZE);
	if (result == STATUS_MALFORMED)
		result = report(STATUS_MISMATCH, "the source's key in the grant is no key (a point of low order)");
	if (result != STATUS_OK)
		return fail(session, result);
	session->state = LINK_ASKED;
	*ret_size = size;
	return STATUS_OK;
}

/* The peer, or whoever sits between, wrote ERROR. */
static status peer_refused(struct span body)
{
	char text[LINK_ERROR_TEXT_SIZE];

	link_error_text(body, text);
	return report(STATUS_DENIED, "the other end of the link ended it, saying (unproven): %s", text);
}

status link_session_second(struct link_session *session, struct span message)
{
	uint8_t payload[1]; /* empty */
	struct link_head head;
	struct span body;

	TRY(expect(session, LINK_ASKED));
	status result = link_message_parse(message, &head, &body);
	if (result != STATUS_OK)
		return fail(session, result);
	if (head.type == LINK_MESSAGE_ERROR)
		return fail(session, peer_refused(body));
	if (head.type != LINK_MESSAGE_SECOND || body.size != LINK_NOISE_SECOND_SIZE)
		return fail(session, report(STATUS_MALFORMED,
					    "the source answered the handshake with a message of type %u, %zu bytes",
					    head.type, message.size));
	result = link_noise_read_second(&session->noise, body, payload);
	if (result == STATUS_MALFORMED)
		result =
			report(STATUS_MISMATCH, "the handshake's answer isn't from the source that the grant names, or "
						"was altered on the way");
	if (result == STATUS_OK)
		result = begin_records(session);
	if (result != STATUS_OK)
		return fail(session, result);
	session->is_proven = true;
	return STATUS_OK;
}

/* Everything of FIRST that can be judged without a key: cheap, so before the keys. */
static status parse_first(struct span message, char ret_target[static START_TARGET_SIZE], struct span *ret_noise)
{
	char target[START_TARGET_SIZE];
	struct link_head head;
	struct reader reader;
	struct span body;

	TRY(link_message_parse(message, &head, &body));
	if (head.type != LINK_MESSAGE_FIRST)
		return report(STATUS_MALFORMED, "a session of the link begins with a message of type %u, not %d",
			      head.type, LINK_MESSAGE_FIRST);
	reader_init(&reader, body);
	if (reader_copy(&reader, target, sizeof target) != STATUS_OK || reader_left(&reader) < LINK_NOISE_FIRST_SIZE ||
	    reader_left(&reader) > LINK_NOISE_FIRST_SIZE + LINK_PAYLOAD_SIZE_MAX)
		return report(STATUS_MALFORMED, "a first message of %zu bytes; %zu to %zu are possible", message.size,
			      (size_t)LINK_FIRST_OVERHEAD, (size_t)LINK_FIRST_OVERHEAD + LINK_PAYLOAD_SIZE_MAX);
	if (!link_target_is_valid(target))
		return report(STATUS_MALFORMED, "the target's name in a first message is no name");
	memcpy(ret_target, target, sizeof target);
	return reader_bytes(&reader, reader_left(&reader), ret_noise);
}

status link_first_check(struct span message)
{
	char target[START_TARGET_SIZE];
	struct span unused;

	return parse_first(message, target, &unused);
}

status link_session_accept(struct link_session *session, const struct link_primitives *primitives,
			   const struct link_key_pair *own, const struct link_binding *binding, struct span message,
			   struct link_caller *ret_caller)
{
	uint8_t prologue[PROLOGUE_SIZE];
	struct link_caller caller = {0};
	struct span noise_message;

	session_init(session, primitives, false);
	status result = parse_first(message, caller.target, &noise_message);
	if (result != STATUS_OK)
		return fail(session, result);
	result = link_noise_init_responder(&session->noise, primitives, own,
					   make_prologue(binding, caller.target, prologue));
	if (result == STATUS_OK)
		result = link_noise_read_first(&session->noise, noise_message, caller.payload);
	if (result == STATUS_MALFORMED)
		result = report(STATUS_MISMATCH,
				"a first message that doesn't open: for another source or owner, for an "
				"earlier start of this source, or altered on the way");
	if (result != STATUS_OK)
		return fail(session, result);
	caller.payload_size = noise_message.size - LINK_NOISE_FIRST_SIZE;
	memcpy(caller.key, session->noise.peer, sizeof caller.key);
	memcpy(session->target, caller.target, sizeof session->target);
	session->state = LINK_CALLED;
	*ret_caller = caller;
	return STATUS_OK;
}

status link_session_answer(struct link_session *session, uint8_t *message, size_t capacity, size_t *ret_size)
{
	TRY(expect(session, LINK_CALLED));
	if (capacity < LINK_SECOND_OVERHEAD)
		return report(STATUS_LIMIT, "the handshake's answer has %d bytes; there is room for %zu",
			      LINK_SECOND_OVERHEAD, capacity);
	link_head_write(&(struct link_head){.type = LINK_MESSAGE_SECOND, .size = LINK_NOISE_SECOND_SIZE}, message);
	status result = link_noise_make_ephemeral(&session->noise);
	if (result == STATUS_OK)
		result = link_noise_write_second(&session->noise, (struct span){0}, message + LINK_HEAD_SIZE);
	if (result == STATUS_MALFORMED)
		result = report(STATUS_MISMATCH, "the enclave's key is no key (a point of low order)");
	if (result == STATUS_OK)
		result = begin_records(session);
	if (result != STATUS_OK)
		return fail(session, result);
	*ret_size = LINK_SECOND_OVERHEAD;
	return STATUS_OK;
}

bool link_session_is_proven(const struct link_session *session)
{
	return session->is_proven && session->state == LINK_READY;
}

bool link_session_is_over(const struct link_session *session)
{
	return session->state == LINK_FAILED || session->sent_close || session->got_close;
}

static bool is_rekey_due(uint64_t counter)
{
	return counter != 0 && counter % LINK_REKEY_RECORDS == 0;
}

/* Both ends rekey before the same record: the counter alone says when. */
static status rekey_if_due(const struct link_session *session, uint64_t counter, uint8_t *secret,
			   struct link_aead_key *key)
{
	if (!is_rekey_due(counter))
		return STATUS_OK;
	TRY(link_noise_rekey(session->primitives, secret));
	session->primitives->aead_init(key, secret);
	return STATUS_OK;
}

void link_prepare(struct link_session *session)
{
	const struct link_primitives *primitives = session->primitives;

	if (session->ahead == NULL || session->state != LINK_READY || link_session_is_over(session) ||
	    !link_primitives_have_streams(primitives))
		return;
	/* Under a key that isn't made before its first record comes. */
	if (!is_rekey_due(session->received_count))
		link_stream_make(&session->ahead->receive, primitives, &session->receive_key, session->received_count,
				 session->received_size);
	if (!is_rekey_due(session->sent_count))
		link_stream_make(&session->ahead->send, primitives, &session->send_key, session->sent_count,
				 session->sent_size);
}

static status seal_content(struct link_session *session, struct span head, struct span content, uint8_t *ret_sealed)
{
	const struct link_primitives *primitives = session->primitives;
	uint8_t nonce[LINK_NONCE_SIZE];

	if (session->ahead != NULL && link_stream_take(&session->ahead->send, session->sent_count, content.size)) {
		link_stream_seal(&session->ahead->send, primitives, &session->send_key, head, content, ret_sealed);
		return STATUS_OK;
	}
	link_noise_nonce(session->sent_count, nonce);
	return primitives->aead_seal(&session->send_key, nonce, head, content, ret_sealed);
}

static status open_content(struct link_session *session, struct span head, struct span sealed, uint8_t *ret_content)
{
	const struct link_primitives *primitives = session->primitives;
	uint8_t nonce[LINK_NONCE_SIZE];

	if (session->ahead != NULL &&
	    link_stream_take(&session->ahead->receive, session->received_count, sealed.size - LINK_TAG_SIZE))
		return link_stream_open(&session->ahead->receive, primitives, &session->receive_key, head, sealed,
					ret_content);
	link_noise_nonce(session->received_count, nonce);
	return primitives->aead_open(&session->receive_key, nonce, head, sealed, ret_content);
}

static status seal(struct link_session *session, enum link_message_type type, struct span content, uint8_t *message,
		   size_t capacity, size_t *ret_size)
{
	const struct link_head head = {
		.type = (uint16_t)type,
		.size = (uint32_t)(content.size + LINK_TAG_SIZE),
		.counter = session->sent_count,
	};

	TRY(expect(session, LINK_READY));
	if (session->sent_close)
		return report(STATUS_USAGE, "a record after the session was closed");
	if (content.size > UINT32_MAX - LINK_SEAL_OVERHEAD || capacity < content.size + LINK_SEAL_OVERHEAD)
		return report(STATUS_LIMIT, "a record of %zu bytes and %d more doesn't fit into %zu", content.size,
			      LINK_SEAL_OVERHEAD, capacity);
	/* Noise 5.1: 2^64 - 1 is reserved. */
	if (session->sent_count == UINT64_MAX)
		return fail(session,
			    report(STATUS_LIMIT, "this session has sent all records that it can: connect again"));
	status result = rekey_if_due(session, session->sent_count, session->send_secret, &session->send_key);
	if (result != STATUS_OK)
		return fail(session, result);
	link_head_write(&head, message);
	result = seal_content(session, (struct span){.data = message, .size = LINK_HEAD_SIZE}, content,
			      message + LINK_HEAD_SIZE);
	if (result != STATUS_OK)
		return fail(session, result);
	session->sent_count++;
	session->sent_size = content.size;
	*ret_size = content.size + LINK_SEAL_OVERHEAD;
	return STATUS_OK;
}

status link_seal(struct link_session *session, struct span content, uint8_t *message, size_t capacity, size_t *ret_size)
{
	return seal(session, LINK_MESSAGE_RECORD, content, message, capacity, ret_size);
}

status link_close(struct link_session *session, uint8_t *message, size_t capacity, size_t *ret_size)
{
	TRY(seal(session, LINK_MESSAGE_CLOSE, (struct span){0}, message, capacity, ret_size));
	session->sent_close = true;
	return STATUS_OK;
}

/* The head of the record that is due, or what is wrong with it. */
static status parse_record(const struct link_session *session, struct span message, struct link_head *ret_head,
			   struct span *ret_body)
{
	struct link_head head;
	struct span body;

	TRY(link_message_parse(message, &head, &body));
	if (head.type == LINK_MESSAGE_ERROR)
		return peer_refused(body);
	if (head.type != LINK_MESSAGE_RECORD && head.type != LINK_MESSAGE_CLOSE)
		return report(STATUS_MALFORMED, "a message of type %u where a record was due", head.type);
	if (body.size < LINK_TAG_SIZE || (head.type == LINK_MESSAGE_CLOSE && body.size != LINK_TAG_SIZE))
		return report(STATUS_MALFORMED, "a record of %zu bytes, type %u: no such record", body.size, head.type);
	if (head.counter < session->received_count)
		return report(STATUS_MISMATCH, "record %llu came where %llu was due: replayed, the session ends",
			      (unsigned long long)head.counter, (unsigned long long)session->received_count);
	if (head.counter > session->received_count)
		return report(STATUS_MISMATCH,
			      "record %llu came where %llu was due: records were dropped, the session ends",
			      (unsigned long long)head.counter, (unsigned long long)session->received_count);
	*ret_head = head;
	*ret_body = body;
	return STATUS_OK;
}

static status open_record(struct link_session *session, struct span message, uint8_t *content, size_t capacity,
			  struct link_head *ret_head)
{
	struct span body;

	TRY(parse_record(session, message, ret_head, &body));
	if (capacity < body.size - LINK_TAG_SIZE)
		return report(STATUS_LIMIT, "a record of %zu bytes; at most %zu were expected",
			      body.size - LINK_TAG_SIZE, capacity);
	/* 2^64 - 1 can't come from a peer that counts as we do. */
	if (session->received_count == UINT64_MAX)
		return report(STATUS_LIMIT, "this session has received all records that it can");
	TRY(rekey_if_due(session, session->received_count, session->receive_secret, &session->receive_key));
	status result =
		open_content(session, (struct span){.data = message.data, .size = LINK_HEAD_SIZE}, body, content);
	if (result == STATUS_MALFORMED)
		return report(STATUS_MISMATCH,
			      "record %llu doesn't open: altered on the way, turned around, or of another session; the "
			      "session ends",
			      (unsigned long long)session->received_count);
	return result;
}

status link_open(struct link_session *session, struct span message, uint8_t *content, size_t capacity, size_t *ret_size)
{
	struct link_head head;

	TRY(expect(session, LINK_READY));
	if (session->got_close)
		return STATUS_END;
	status result = open_record(session, message, content, capacity, &head);
	if (result != STATUS_OK)
		return fail(session, result);
	session->received_count++;
	session->received_size = head.size - LINK_TAG_SIZE;
	session->is_proven = true;
	session->got_close = head.type == LINK_MESSAGE_CLOSE;
	if (session->got_close)
		return STATUS_END;
	*ret_size = head.size - LINK_TAG_SIZE;
	return STATUS_OK;
}
