/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/link/session.h"

#include <string.h>

#include "base/report.h"
#include "enclave/crypto/primitives.h"
#include "enclave/link/channel.h"
#include "enclave/link/evidence.h"
#include "enclave/link/link.h"
#include "enclave/link/output.h"
#include "enclave/runtime/runtime.h"
#include "link/session.h"

static struct {
	status failure; /* STATUS_OK: none */
	uint64_t epoch;
	struct link_session session;
	uint8_t sent[LINK_REQUEST_SIZE + LINK_SEAL_OVERHEAD];
	/* In memory of our own: a record is copied once, then opened in place, which
	 * leaves its content where slots are aligned. */
	_Alignas(64) uint8_t before[64 - LINK_HEAD_SIZE];
	uint8_t received[LINK_REPLY_SIZE_MAX + LINK_SEAL_OVERHEAD];
} state = {.failure = STATUS_MISSING};

/* FIRST with the grant, SECOND back. */
static status shake_hands(const uint8_t grant[static LINK_GRANT_SIZE])
{
	uint8_t first[LINK_GRANT_SIZE + LINK_FIRST_OVERHEAD];
	size_t size;

	TRY(link_session_first(&state.session, (struct span){grant, LINK_GRANT_SIZE}, first, sizeof first, &size));
	TRY(channel_exchange((struct span){first, size}, state.received, sizeof state.received, &size));
	return link_session_second(&state.session, (struct span){state.received, size});
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
	TRY(shake_hands(encoded));
	state.failure = STATUS_OK;
	TRY(say_hello());
	if (!(grant.rights & LINK_RIGHT_OUTPUT))
		link_output_withhold();
	return STATUS_OK;
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
	close_session();
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
	case STATUS_MISSING: return operation->type == LINK_REGISTERS;
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
		(void)!report(outcome, "the grant is used up (its quota, or its time), says the agent");
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

static status transact(const struct link_request *request, struct link_reply *reply)
{
	uint8_t *plain = state.sent + LINK_HEAD_SIZE;
	size_t size;

	TRY(link_request_encode(request, plain, &size));
	TRY(link_seal(&state.session, (struct span){plain, size}, state.sent, sizeof state.sent, &size));
	TRY(channel_exchange((struct span){state.sent, size}, state.received, sizeof state.received, &size));
	status result = link_open(&state.session, (struct span){state.received, size}, state.received + LINK_HEAD_SIZE,
				  LINK_REPLY_SIZE_MAX, &size);
	if (result == STATUS_END)
		return report(STATUS_IO, "the agent has closed the session: nothing more of the target can be read");
	TRY(result);
	TRY(link_reply_decode(request, (struct span){state.received + LINK_HEAD_SIZE, size}, reply));
	return check_outcomes(request, reply);
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
	*ret_content = state.received + LINK_HEAD_SIZE;
	return STATUS_OK;
}
