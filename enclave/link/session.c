/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/link/session.h"

#include <string.h>

#include "base/report.h"
#include "enclave/crypto/primitives.h"
#include "enclave/duty/duty.h"
#include "enclave/link/channel.h"
#include "enclave/link/evidence.h"
#include "enclave/link/link.h"
#include "enclave/link/output.h"
#include "enclave/runtime/runtime.h"
#include "link/renewal.h"
#include "link/session.h"

enum {
	/* So many exchanges take a few milliseconds at least, one look at the verifier's connection a few microseconds.
	 */
	DUTY_EXCHANGES = 64,
	CONTENT_SENT_MAX = (int)LINK_PLAN_REQUEST_SIZE > (int)LINK_REQUEST_SIZE ? (int)LINK_PLAN_REQUEST_SIZE
										: (int)LINK_REQUEST_SIZE,
	CONTENT_RECEIVED_MAX = (int)LINK_PLAN_REPLY_SIZE_MAX > (int)LINK_REPLY_SIZE_MAX ? (int)LINK_PLAN_REPLY_SIZE_MAX
											: (int)LINK_REPLY_SIZE_MAX,
};

static struct {
	status failure; /* STATUS_OK: none */
	uint64_t epoch;
	size_t received_size_max; /* of what came so far */
	uint32_t exchange_count;
	bool in_clear; /* what the program prints */
	bool may_read_user; /* the grant's right; a later grant has the same ones (docs/link.md) */
	uint8_t own_key[LINK_KEY_SIZE];
	const struct link_primitives *primitives;
	bool heard_end; /* the last answer was STATUS_GONE */
	struct link_session session;
	struct link_ahead ahead;
	uint8_t sent[CONTENT_SENT_MAX + LINK_SEAL_OVERHEAD];
	/* Goes out while a request may stand in `sent` already. */
	uint8_t renewal[LINK_RENEWAL_SIZE + LINK_SEAL_OVERHEAD];
} state = {.failure = STATUS_MISSING};

/* In memory of our own: a record is copied once, then opened in place, which
 * leaves its content where slots are aligned. */
static struct {
	_Alignas(64) uint8_t before[64 - LINK_HEAD_SIZE];
	uint8_t received[CONTENT_RECEIVED_MAX + LINK_SEAL_OVERHEAD];
} buffer;

/* Seal what stands in `message` behind the head's place, send it, and open what comes back. */
static status transfer(uint8_t *message, size_t capacity, size_t content_size, struct span *ret_content)
{
	const struct span content = {message + LINK_HEAD_SIZE, content_size};
	size_t size;

	TRY(link_seal(&state.session, content, message, capacity, &size));
	TRY(channel_send((struct span){message, size}));
	/* While the source looks for what was asked. Where nothing was lent, there is no such time. */
	link_prepare(&state.session);
	TRY(channel_receive(buffer.received, sizeof buffer.received, &size));
	if (size > state.received_size_max)
		state.received_size_max = size;
	status result = link_open(&state.session, (struct span){buffer.received, size},
				  buffer.received + LINK_HEAD_SIZE, CONTENT_RECEIVED_MAX, &size);
	if (result == STATUS_END)
		return report(STATUS_IO, "the agent has closed the session: nothing more of the target can be read");
	TRY(result);
	*ret_content = (struct span){buffer.received + LINK_HEAD_SIZE, size};
	return STATUS_OK;
}

/* FIRST with the grant, SECOND back. */
static status shake_hands(const uint8_t grant[static LINK_GRANT_SIZE])
{
	uint8_t first[LINK_GRANT_SIZE + LINK_FIRST_OVERHEAD];
	size_t size;

	TRY(link_session_first(&state.session, (struct span){grant, LINK_GRANT_SIZE}, first, sizeof first, &size));
	TRY(channel_exchange((struct span){first, size}, buffer.received, sizeof buffer.received, &size));
	return link_session_second(&state.session, (struct span){buffer.received, size});
}

/* The first record: proves our key to the source, and brings the epoch. */
static status say_hello(void)
{
	const struct link_request request = {.operation_count = 1, .operation = {{.type = LINK_CHECK}}};
	struct link_reply reply;
	const uint8_t *content;

	TRY(session_transact(&request, &reply, &content));
	if (reply.result[0].outcome == STATUS_GONE)
		return report(STATUS_GONE, "the target %s has ended", runtime_target());
	return STATUS_OK;
}

/* Where a verifier is there, it gets what the program prints. One that another program runs prints into that. */
static void decide_output(bool in_clear)
{
	state.in_clear = in_clear;
	if (!duty_output_begin(in_clear) && !in_clear)
		link_output_withhold();
}

static status show_grant(const uint8_t encoded[static LINK_GRANT_SIZE], struct link_renewal_reply *ret_reply)
{
	struct span content;

	link_renewal_encode(encoded, state.renewal + LINK_HEAD_SIZE);
	TRY(transfer(state.renewal, sizeof state.renewal, LINK_RENEWAL_SIZE, &content));
	return link_renewal_reply_decode(content, ret_reply);
}

static status renew_grant(void);

/* Before it ends there must be another one, and only the source knows when that is. */
static status watch_grant(const uint8_t encoded[static LINK_GRANT_SIZE])
{
	struct link_renewal_reply reply;

	status result = show_grant(encoded, &reply);
	if (result != STATUS_OK)
		return session_end(result);
	if (reply.outcome != STATUS_OK)
		return report(STATUS_DENIED, "the agent doesn't take the grant that the verifier gave anew: its own "
					     "messages say why. The target can be read as long as the last one holds");
	duty_grant_note(reply.left_ms, renew_grant);
	return STATUS_OK;
}

/* Called by duty, between two exchanges. */
static status renew_grant(void)
{
	uint8_t encoded[LINK_GRANT_SIZE];
	struct link_grant grant;

	TRY(state.failure);
	TRY(evidence_ask_grant(state.primitives, state.own_key, &grant, encoded));
	TRY(watch_grant(encoded));
	if (state.in_clear && (grant.rights & LINK_RIGHT_OUTPUT) == 0)
		decide_output(false);
	return STATUS_OK;
}

bool enclave_link_is_of_this_machine(void)
{
	return strcmp(runtime_target(), "smm:") == 0;
}

/* Firmware's grants hold as they are: its handler knows no renewal. */
static bool can_renew(void)
{
	return duty_has_verifier() && !enclave_link_is_of_this_machine();
}

static status start_with_key(const struct link_primitives *primitives, const struct link_key_pair *own)
{
	uint8_t encoded[LINK_GRANT_SIZE];
	char target[START_TARGET_SIZE] = {0};
	struct link_binding binding;
	struct link_grant grant;

	TRY(evidence_ask_grant(primitives, own->public, &grant, encoded));
	memcpy(binding.owner_key, runtime_owner_key(), sizeof binding.owner_key);
	memcpy(binding.source_key, runtime_source_key(), sizeof binding.source_key);
	memcpy(binding.source_nonce, runtime_source_nonce(), sizeof binding.source_nonce);
	strncpy(target, runtime_target(), sizeof target - 1);
	TRY(link_session_init_initiator(&state.session, primitives, own, &binding, target));
	/* Firmware answers on this very CPU: what is made ahead for it is made while nobody works. */
	if (!enclave_link_is_of_this_machine())
		link_session_lend(&state.session, &state.ahead);
	TRY(shake_hands(encoded));
	state.failure = STATUS_OK;
	TRY(say_hello());
	memcpy(state.own_key, own->public, sizeof state.own_key);
	state.primitives = primitives;
	if (can_renew())
		TRY(watch_grant(encoded));
	state.may_read_user = (grant.rights & LINK_RIGHT_USER) != 0;
	decide_output(grant.rights & LINK_RIGHT_OUTPUT);
	return STATUS_OK;
}

bool enclave_link_may_read_user(void)
{
	return !runtime_has_link() || state.may_read_user;
}

status enclave_link_start(void)
{
	const struct link_primitives *primitives = enclave_primitives(runtime_has_vaes());
	struct link_key_pair own;

	if (!runtime_has_link())
		return STATUS_OK;
	TRY(link_key_pair_init(&own, primitives));
	status result = start_with_key(primitives, &own);
	link_key_pair_deinit(&own);
	if (result != STATUS_OK)
		state.failure = result;
	return result;
}

/* So that the source can tell an end from a cut. */
static void close_session(void)
{
	size_t size;

	if (state.failure == STATUS_OK && link_close(&state.session, state.sent, sizeof state.sent, &size) == STATUS_OK)
		channel_leave((struct span){state.sent, size});
}

void enclave_link_end(void)
{
	duty_grant_note(0, NULL);
	close_session();
	/* Of a megabyte, most is never used. */
	link_wipe(buffer.received, state.received_size_max);
	link_wipe(&state, sizeof state);
	state.failure = STATUS_GONE;
}

uint64_t enclave_link_epoch(void)
{
	return state.epoch;
}

/* May the operation have this outcome (link/request.h, guest/memory/source.h)? */
static bool outcome_is_possible(const struct link_operation *operation, status outcome)
{
	switch (outcome) {
	case STATUS_OK:
	case STATUS_GONE: return true;
	case STATUS_UNMAPPED: return operation->type == LINK_READ;
	case STATUS_MISSING: return operation->type == LINK_REGISTERS || operation->type == LINK_EPOCH;
	case STATUS_END: return operation->type == LINK_REGISTERS || operation->type == LINK_NEXT_POPULATED;
	default: return status_is_fault(outcome);
	}
}

/* In words, once per kind: a source that can't read one page often can't read a thousand. */
static void say_fault(status outcome)
{
	static uint32_t said; /* a bit per fault */
	uint32_t bit = UINT32_C(1) << (-outcome & 31);

	if (said & bit)
		return;
	said |= bit;
	switch (outcome) {
	case STATUS_DENIED:
		(void)!report(outcome, "the grant doesn't give the right to read this, says the agent");
		break;
	case STATUS_LIMIT:
		(void)!report(outcome,
			      "the grant is used up (its quota, or its time), or an epoch's room is, says the agent");
		break;
	case STATUS_IO: (void)!report(outcome, "the agent can't read the target; its own messages say why"); break;
	default: (void)!report(outcome, "the agent can't answer: %s", status_name(outcome));
	}
}

static status check_outcomes(const struct link_request *request, const struct link_reply *reply)
{
	for (uint32_t i = 0; i < request->operation_count; i++) {
		status outcome = reply->result[i].outcome;

		if (!outcome_is_possible(&request->operation[i], outcome))
			return report(STATUS_MALFORMED, "the agent answered \"%s\" to an operation of type %u",
				      status_name(outcome), request->operation[i].type);
		if (status_is_fault(outcome))
			say_fault(outcome);
	}
	return STATUS_OK;
}

/* A request of the program's, which stands in `sent`, as transfer() does it. */
static status exchange(size_t content_size, struct span *ret_content)
{
	/* A look at a large target takes seconds, and the verifier wants to be answered. */
	if (++state.exchange_count % DUTY_EXCHANGES == 0)
		duty_pump();
	/* The session may have ended at that. */
	TRY(state.failure);
	return transfer(state.sent, sizeof state.sent, content_size, ret_content);
}

static status transact(const struct link_request *request, struct link_reply *reply)
{
	struct span content;
	size_t size;

	TRY(link_request_encode(request, state.sent + LINK_HEAD_SIZE, &size));
	TRY(exchange(size, &content));
	TRY(link_reply_decode(request, content, reply));
	return check_outcomes(request, reply);
}

static status transact_plan(const uint8_t *plan, const uint8_t *cursor, struct link_plan_reply *reply)
{
	struct span content;

	link_plan_request_encode(plan, cursor, state.sent + LINK_HEAD_SIZE);
	TRY(exchange(LINK_PLAN_REQUEST_SIZE, &content));
	TRY(link_plan_reply_decode(content, reply));
	if (reply->outcome != STATUS_OK && reply->outcome != STATUS_GONE && !status_is_fault(reply->outcome))
		return report(STATUS_MALFORMED, "the agent answered \"%s\" to a read plan",
			      status_name(reply->outcome));
	/* A source without plans is slower, not at fault. */
	if (status_is_fault(reply->outcome) && reply->outcome != STATUS_UNSUPPORTED)
		say_fault(reply->outcome);
	return STATUS_OK;
}

bool session_heard_end(void)
{
	return state.heard_end;
}

status session_failure(void)
{
	return state.failure;
}

status session_end(status fault)
{
	state.failure = fault;
	link_session_deinit(&state.session);
	return fault;
}

status session_transact(const struct link_request *request, struct link_reply *ret_reply, const uint8_t **ret_content)
{
	if (state.failure != STATUS_OK)
		return state.failure;
	status result = transact(request, ret_reply);
	if (result != STATUS_OK)
		return session_end(result);
	state.epoch = ret_reply->epoch;
	state.heard_end = false;
	for (uint32_t i = 0; i < ret_reply->result_count; i++)
		state.heard_end |= ret_reply->result[i].outcome == STATUS_GONE;
	*ret_content = buffer.received + LINK_HEAD_SIZE;
	return STATUS_OK;
}

status session_transact_plan(const uint8_t plan[static LINK_PLAN_CODE_SIZE],
			     const uint8_t cursor[static LINK_PLAN_CURSOR_SIZE], struct link_plan_reply *ret_reply,
			     struct span *ret_runs)
{
	if (state.failure != STATUS_OK)
		return state.failure;
	status result = transact_plan(plan, cursor, ret_reply);
	if (result != STATUS_OK)
		return session_end(result);
	state.epoch = ret_reply->epoch;
	state.heard_end = ret_reply->outcome == STATUS_GONE;
	*ret_runs = (struct span){buffer.received + LINK_HEAD_SIZE + LINK_PLAN_REPLY_HEAD_SIZE, ret_reply->run_size};
	return STATUS_OK;
}
