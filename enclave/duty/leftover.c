/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/duty/leftover.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "enclave/attest/verifier.h"
#include "enclave/duty/talk.h"
#include "enclave/duty/unsent.h"
#include "wire/call.h"

enum {
	LOOK_MS = 100,
	/* Until the verifier has one. */
	KEPT_MS = 60000,
};

/* Not on a stack. */
struct leftover {
	struct talk talk;
	struct unsent unsent;
	bool used_connection;
};

/* Connect for the stream that the record is of, unless that is done. */
static status speak_for(struct leftover *leftover)
{
	const struct unsent *unsent = &leftover->unsent;
	struct talk *talk = &leftover->talk;

	if (talk->is_connected && memcmp(talk->results.stream, unsent->stream, sizeof unsent->stream) == 0)
		return STATUS_OK;
	if (talk->is_connected)
		talk_disconnect(talk);
	if (leftover->used_connection && verifier_reconnect() != STATUS_OK)
		return report(STATUS_IO, "no connection to the verifier");
	leftover->used_connection = true;
	memcpy(talk->results.stream, unsent->stream, sizeof unsent->stream);
	memcpy(talk->results.target, unsent->target, sizeof unsent->target);
	return talk_connect(talk);
}

/* One sending, and its answer: talk->is_behind where it was RESEND. */
static status send_result(struct leftover *leftover)
{
	const struct unsent *unsent = &leftover->unsent;
	struct talk *talk = &leftover->talk;
	struct verifier_result head;

	memcpy(&head, unsent->body, sizeof head);
	talk->is_behind = false;
	TRY(talk_send(talk, VERIFIER_RESULT, (struct span){unsent->body, unsent->size}));
	for (int waited_ms = 0; talk->kept_number < head.number && !talk->is_behind; waited_ms += LOOK_MS) {
		TRY(talk_listen(talk, LOOK_MS));
		if (talk->is_refused || waited_ms >= KEPT_MS)
			return report(STATUS_IO, "the verifier doesn't take what is left of an earlier run now");
	}
	return STATUS_OK;
}

static status tell_one(struct leftover *leftover)
{
	const struct unsent *unsent = &leftover->unsent;
	struct talk *talk = &leftover->talk;
	struct verifier_result head;

	memcpy(&head, unsent->body, sizeof head);
	TRY(speak_for(leftover));
	if (talk->kept_number >= head.number)
		return STATUS_OK;
	TRY(send_result(leftover));
	/* Those before it are lost, as the verifier has noticed. Sent again it says that they aren't here either, and
	 * is taken (wire/verifier.h); by a verifier that doesn't, it can't be told any more. */
	if (talk->is_behind)
		TRY(send_result(leftover));
	return STATUS_OK;
}

/* A run seals its results as it numbers them. A host that shows one again and again would keep us here for ever. */
static status check_order(const struct unsent *unsent, uint64_t *last)
{
	struct verifier_result head;

	memcpy(&head, unsent->body, sizeof head);
	if (head.number <= *last)
		return report(STATUS_MALFORMED,
			      "the host shows result %" PRIu64 " of an earlier run behind result %" PRIu64
			      ": that isn't what was left",
			      head.number, *last);
	*last = head.number;
	return STATUS_OK;
}

/* What one run left. STATUS_END: there is no such file. */
static status tell_file(struct leftover *leftover, uint64_t file)
{
	uint64_t number = 0, last = 0;
	status result;

	/* Bounded by what was ever sealed: they must rise. */
	while ((result = unsent_find(leftover->talk.primitives, file, number, &leftover->unsent)) == STATUS_OK) {
		result = check_order(&leftover->unsent, &last);
		if (result != STATUS_OK)
			break;
		TRY(tell_one(leftover));
		number++;
	}
	if (result == STATUS_END && number > 0) {
		unsent_forget(file);
		return STATUS_OK;
	}
	/* What can't be read stays, and keeps back nothing of other runs. */
	return result == STATUS_MALFORMED ? STATUS_OK : result;
}

static void tell_each_file(struct leftover *leftover)
{
	for (uint64_t file = 0; file < CALL_UNSENT_FILE_COUNT_MAX; file++)
		if (tell_file(leftover, file) != STATUS_OK)
			return;
}

status leftover_tell(const struct link_primitives *primitives, const uint8_t binding[EVIDENCE_BINDING_SIZE])
{
	struct leftover *leftover = calloc(1, sizeof *leftover);

	if (leftover == NULL)
		return report(STATUS_NO_MEMORY, "no memory for what is left of an earlier run");
	leftover->talk.primitives = primitives;
	leftover->talk.patience_ms = VERIFIER_PATIENCE_MS;
	leftover->talk.is_silent = true;
	/* How many a run had made isn't known any more: the verifier may have more than were sealed. */
	leftover->talk.results.number = UINT64_MAX;
	memcpy(leftover->talk.binding, binding, sizeof leftover->talk.binding);
	tell_each_file(leftover);
	if (leftover->talk.is_connected)
		talk_disconnect(&leftover->talk);
	const bool used_connection = leftover->used_connection;
	free(leftover);
	if (used_connection && verifier_reconnect() != STATUS_OK)
		return report(STATUS_IO, "no connection to the verifier");
	return STATUS_OK;
}
