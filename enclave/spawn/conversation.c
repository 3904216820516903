/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/spawn/conversation.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "enclave/crypto/primitives.h"
#include "enclave/runtime/runtime.h"
#include "enclave/spawn/attest.h"
#include "enclave/spawn/peer.h"

enum {
	/* Waits of about a second: loading a large enclave on a busy machine, and its own grant. */
	HANDSHAKE_WAIT_COUNT_MAX = 120,
	TARGET_PART_COUNT = 4,
};

static_assert(sizeof(struct peer_answer) <= PEER_MESSAGE_SIZE_MAX, "an answer is a message");
static_assert(sizeof(struct sgx_report) <= LINK_PAYLOAD_SIZE_MAX, "FIRST carries a report");

/* The name of the conversation in FIRST: what is watched stands in the reports. */
static const char conversation_name[START_TARGET_SIZE] = "a program that another one runs";

static const struct link_primitives *primitives(void)
{
	return enclave_primitives(runtime_has_vaes());
}

status conversation_create(unsigned peer, const char *who, struct conversation **ret_conversation)
{
	size_t alignment = _Alignof(struct conversation);
	struct conversation *conversation =
		aligned_alloc(alignment, (sizeof *conversation + alignment - 1) / alignment * alignment);

	if (conversation == NULL)
		return report(STATUS_NO_MEMORY, "no memory for a pipe to %s: raise the manifest's heap", who);
	conversation->peer = peer;
	strncpy(conversation->who, who, sizeof conversation->who - 1);
	conversation->who[sizeof conversation->who - 1] = '\0';
	conversation->fault = STATUS_OK;
	conversation->pending_size = 0;
	memset(&conversation->session, 0, sizeof conversation->session);
	*ret_conversation = conversation;
	return STATUS_OK;
}

void conversation_destroy(struct conversation *conversation)
{
	if (conversation == NULL)
		return;
	if (conversation->peer != PEER_PARENT)
		peer_end(conversation->peer);
	link_wipe(conversation, sizeof *conversation);
	free(conversation);
}

static status fail(struct conversation *conversation, status fault)
{
	conversation->fault = fault;
	conversation->pending_size = 0;
	link_session_deinit(&conversation->session);
	return fault;
}

/* ---- messages */

bool conversation_is_pending(const struct conversation *conversation)
{
	return conversation->pending_size > 0;
}

status conversation_flush(struct conversation *conversation)
{
	if (conversation->fault != STATUS_OK)
		return conversation->fault;
	if (conversation->pending_size == 0)
		return STATUS_OK;
	status result = peer_send(conversation->peer, (struct span){conversation->pending, conversation->pending_size});
	if (result == STATUS_TORN)
		return result;
	conversation->pending_size = 0;
	/* What it said before it ended may still be there: receive() finds the end. */
	if (result == STATUS_GONE)
		return STATUS_OK;
	return result == STATUS_OK ? result : fail(conversation, result);
}

/* `wait_count_max` < 0: for ever. */
static status wait_to(struct conversation *conversation, bool write, int *wait_count_max)
{
	const uint32_t bit = 1u << conversation->peer;
	struct peer_set ready;

	if (*wait_count_max == 0)
		return fail(conversation,
			    report(STATUS_IO, "%s is silent: it hangs, or its host does", conversation->who));
	if (*wait_count_max > 0)
		--*wait_count_max;
	status result = peer_wait((struct peer_set){.reading = write ? 0 : bit, .writing = write ? bit : 0}, &ready);
	return result == STATUS_OK ? result : fail(conversation, result);
}

static status flush_waiting(struct conversation *conversation, int wait_count_max)
{
	status result;

	while ((result = conversation_flush(conversation)) == STATUS_TORN)
		TRY(wait_to(conversation, true, &wait_count_max));
	return result;
}

status conversation_put(struct conversation *conversation, struct span content)
{
	if (conversation->fault != STATUS_OK)
		return conversation->fault;
	if (conversation->pending_size > 0)
		return report(STATUS_INTERNAL, "a message to %s is still on its way", conversation->who);
	status result = link_seal(&conversation->session, content, conversation->pending, sizeof conversation->pending,
				  &conversation->pending_size);
	if (result != STATUS_OK)
		return fail(conversation, result);
	return conversation_flush(conversation);
}

status conversation_say(struct conversation *conversation, struct span content)
{
	status result = conversation_put(conversation, content);

	return result == STATUS_TORN ? flush_waiting(conversation, -1) : result;
}

status conversation_receive(struct conversation *conversation, struct span *ret_content)
{
	size_t size;

	if (conversation->fault != STATUS_OK)
		return conversation->fault;
	status result = peer_receive(conversation->peer, conversation->received, sizeof conversation->received, &size);
	if (result == STATUS_TORN)
		return result;
	if (result == STATUS_OK)
		result = link_open(&conversation->session, (struct span){conversation->received, size},
				   conversation->content, sizeof conversation->content, &size);
	if (result == STATUS_OK && size == 0)
		result = report(STATUS_MALFORMED, "%s sent a record of nothing", conversation->who);
	if (result != STATUS_OK)
		return fail(conversation, result == STATUS_END ? STATUS_GONE : result);
	*ret_content = (struct span){conversation->content, size};
	return STATUS_OK;
}

status conversation_hear(struct conversation *conversation, struct span *ret_content)
{
	int for_ever = -1;
	status result;

	while ((result = conversation_receive(conversation, ret_content)) == STATUS_TORN)
		TRY(wait_to(conversation, false, &for_ever));
	return result;
}

/* ---- the handshake */

/* A message in clear: wait for it, boundedly. */
static status await_message(struct conversation *conversation, struct span *ret_message)
{
	int wait_count_max = HANDSHAKE_WAIT_COUNT_MAX;
	status result;
	size_t size;

	while ((result = peer_receive(conversation->peer, conversation->received, sizeof conversation->received,
				      &size)) == STATUS_TORN)
		TRY(wait_to(conversation, false, &wait_count_max));
	if (result == STATUS_GONE)
		result = report(STATUS_IO, "%s ended before it began: its own messages say why, or its host ended it",
				conversation->who);
	TRY(result);
	*ret_message = (struct span){conversation->received, size};
	return STATUS_OK;
}

static status send_message(struct conversation *conversation, const void *message, size_t size)
{
	memcpy(conversation->pending, message, size);
	conversation->pending_size = size;
	return flush_waiting(conversation, HANDSHAKE_WAIT_COUNT_MAX);
}

/* What this program watches, and for whom: zeros where it watches nothing by a link. The host said it to both,
 * and each has proven it to its source or found no link. */
static void watched_parts(struct span parts[static TARGET_PART_COUNT], char target[static START_TARGET_SIZE])
{
	memset(target, 0, START_TARGET_SIZE);
	strncpy(target, runtime_target(), START_TARGET_SIZE - 1);
	parts[0] = (struct span){runtime_owner_key(), START_OWNER_KEY_SIZE};
	parts[1] = (struct span){runtime_source_key(), START_KEY_SIZE};
	parts[2] = (struct span){runtime_source_nonce(), START_NONCE_SIZE};
	parts[3] = (struct span){(const uint8_t *)target, START_TARGET_SIZE};
}

/* Everything that both have said so far. */
struct introduction {
	struct peer_invitation invitation;
	struct peer_answer answer;
	uint8_t hash[LINK_HASH_SIZE]; /* of both */
};

static status hash_introduction(struct introduction *said)
{
	const struct span parts[] = {
		{(const uint8_t *)&said->invitation, sizeof said->invitation},
		{(const uint8_t *)&said->answer, sizeof said->answer},
	};

	return primitives()->sha256(parts, ARRAY_COUNT(parts), said->hash);
}

enum { REPORT_PART_COUNT = 3 + TARGET_PART_COUNT };

/* What the child's report is about. */
static void child_parts(const struct introduction *said, const uint8_t invitation_hash[static LINK_HASH_SIZE],
			char target[static START_TARGET_SIZE], struct span parts[static REPORT_PART_COUNT])
{
	parts[0] = (struct span){(const uint8_t *)"Bartizan child 1", 16};
	parts[1] = (struct span){invitation_hash, LINK_HASH_SIZE};
	parts[2] = (struct span){(const uint8_t *)&said->answer, offsetof(struct peer_answer, report)};
	watched_parts(parts + 3, target);
}

/* What the parent's report is about. */
static void parent_parts(const struct introduction *said, const uint8_t key[static LINK_KEY_SIZE],
			 char target[static START_TARGET_SIZE], struct span parts[static REPORT_PART_COUNT])
{
	parts[0] = (struct span){(const uint8_t *)"Bartizan parent 1", 17};
	parts[1] = (struct span){said->hash, sizeof said->hash};
	parts[2] = (struct span){key, LINK_KEY_SIZE};
	watched_parts(parts + 3, target);
}

static status hash_invitation(const struct peer_invitation *invitation, uint8_t ret_hash[static LINK_HASH_SIZE])
{
	const struct span all = {(const uint8_t *)invitation, sizeof *invitation};

	return primitives()->sha256(&all, 1, ret_hash);
}

static struct link_binding binding_of(const struct introduction *said)
{
	struct link_binding binding;

	memcpy(binding.owner_key, runtime_owner_key(), sizeof binding.owner_key);
	memcpy(binding.source_key, said->answer.key, sizeof binding.source_key);
	memcpy(binding.source_nonce, said->hash, sizeof binding.source_nonce);
	return binding;
}

static status send_invitation(struct conversation *conversation, struct introduction *said)
{
	said->invitation.magic = PEER_INVITATION_MAGIC;
	TRY(primitives()->random(said->invitation.nonce, sizeof said->invitation.nonce));
	TRY(attest_target(&said->invitation.target));
	return send_message(conversation, &said->invitation, sizeof said->invitation);
}

static status check_child(struct conversation *conversation, const struct introduction *said,
			  const uint8_t mrenclave[static SGX_HASH_SIZE])
{
	struct span parts[REPORT_PART_COUNT];
	uint8_t hash[LINK_HASH_SIZE];
	char target[START_TARGET_SIZE];

	TRY(hash_invitation(&said->invitation, hash));
	child_parts(said, hash, target, parts);
	TRY(attest_check(primitives(), conversation->who, &said->answer.report, parts, ARRAY_COUNT(parts)));
	if (!runtime_is_plain() && memcmp(said->answer.report.mrenclave, mrenclave, SGX_HASH_SIZE) != 0)
		return report(STATUS_DENIED,
			      "what the host started as %s is another image than the one that this program's manifest "
			      "names: build the ports anew, or ask who changed it",
			      conversation->who);
	return STATUS_OK;
}

static status receive_answer(struct conversation *conversation, struct introduction *said)
{
	struct span message;

	TRY(await_message(conversation, &message));
	if (message.size != sizeof said->answer)
		return report(STATUS_MALFORMED,
			      "what the host started as %s isn't a program inside, or of another version",
			      conversation->who);
	memcpy(&said->answer, message.data, sizeof said->answer);
	if (said->answer.magic != PEER_ANSWER_MAGIC || (said->answer.flags & ~(uint32_t)PEER_WITHHELD) != 0 ||
	    said->answer.reserved != 0)
		return report(STATUS_MALFORMED, "what the host started as %s answers what can't be", conversation->who);
	return STATUS_OK;
}

/* FIRST with our report, SECOND back. */
static status shake_hands(struct conversation *conversation, const struct introduction *said,
			  const struct link_key_pair *own)
{
	uint8_t first[sizeof(struct sgx_report) + LINK_FIRST_OVERHEAD];
	const struct link_binding binding = binding_of(said);
	struct span parts[REPORT_PART_COUNT], message;
	struct sgx_report report_;
	char target[START_TARGET_SIZE];
	size_t size;

	parent_parts(said, own->public, target, parts);
	TRY(attest_make(primitives(), &said->answer.target, parts, ARRAY_COUNT(parts), &report_));
	TRY(link_session_init_initiator(&conversation->session, primitives(), own, &binding, conversation_name));
	TRY(link_session_first(&conversation->session, (struct span){(const uint8_t *)&report_, sizeof report_}, first,
			       sizeof first, &size));
	TRY(send_message(conversation, first, size));
	TRY(await_message(conversation, &message));
	return link_session_second(&conversation->session, message);
}

static status invite(struct conversation *conversation, const uint8_t mrenclave[static SGX_HASH_SIZE],
		     uint32_t *ret_flags)
{
	struct introduction said = {0};
	struct link_key_pair own;

	TRY(send_invitation(conversation, &said));
	TRY(receive_answer(conversation, &said));
	TRY(check_child(conversation, &said, mrenclave));
	TRY(hash_introduction(&said));
	TRY(link_key_pair_init(&own, primitives()));
	status result = shake_hands(conversation, &said, &own);
	link_key_pair_deinit(&own);
	*ret_flags = said.answer.flags;
	return result;
}

status conversation_invite(struct conversation *conversation, const uint8_t mrenclave[static SGX_HASH_SIZE],
			   uint32_t *ret_flags)
{
	status result = invite(conversation, mrenclave, ret_flags);

	return result == STATUS_OK ? result : fail(conversation, result);
}

static status send_answer(struct conversation *conversation, struct introduction *said, const struct link_key_pair *own,
			  uint32_t flags)
{
	struct span parts[REPORT_PART_COUNT];
	uint8_t hash[LINK_HASH_SIZE];
	char target[START_TARGET_SIZE];

	said->answer.magic = PEER_ANSWER_MAGIC;
	said->answer.flags = flags;
	memcpy(said->answer.key, own->public, sizeof said->answer.key);
	TRY(attest_target(&said->answer.target));
	TRY(hash_invitation(&said->invitation, hash));
	child_parts(said, hash, target, parts);
	TRY(attest_make(primitives(), &said->invitation.target, parts, ARRAY_COUNT(parts), &said->answer.report));
	return send_message(conversation, &said->answer, sizeof said->answer);
}

static status check_parent(struct conversation *conversation, const struct introduction *said,
			   const struct link_caller *caller)
{
	struct span parts[REPORT_PART_COUNT];
	struct sgx_report parent_report;
	char target[START_TARGET_SIZE];

	if (caller->payload_size != sizeof parent_report)
		return report(STATUS_MALFORMED, "%s shows no report", conversation->who);
	memcpy(&parent_report, caller->payload, sizeof parent_report);
	parent_parts(said, caller->key, target, parts);
	TRY(attest_check(primitives(), conversation->who, &parent_report, parts, ARRAY_COUNT(parts)));
	return attest_check_signer(conversation->who, &parent_report);
}

static status accept_handshake(struct conversation *conversation, const struct introduction *said,
			       const struct link_key_pair *own)
{
	const struct link_binding binding = binding_of(said);
	uint8_t second[LINK_SECOND_OVERHEAD];
	struct link_caller caller;
	struct span message;
	size_t size;

	TRY(await_message(conversation, &message));
	TRY(link_session_accept(&conversation->session, primitives(), own, &binding, message, &caller));
	TRY(check_parent(conversation, said, &caller));
	TRY(link_session_answer(&conversation->session, second, sizeof second, &size));
	return send_message(conversation, second, size);
}

static status answer_with_key(struct conversation *conversation, struct introduction *said,
			      const struct link_key_pair *own, uint32_t flags)
{
	TRY(send_answer(conversation, said, own, flags));
	TRY(hash_introduction(said));
	return accept_handshake(conversation, said, own);
}

static status answer(struct conversation *conversation, uint32_t flags)
{
	struct introduction said = {0};
	struct link_key_pair own;
	struct span message;

	TRY(await_message(conversation, &message));
	if (message.size != sizeof said.invitation)
		return report(STATUS_MALFORMED, "%s isn't a program inside, or of another version", conversation->who);
	memcpy(&said.invitation, message.data, sizeof said.invitation);
	if (said.invitation.magic != PEER_INVITATION_MAGIC)
		return report(STATUS_MALFORMED, "%s begins with what can't be", conversation->who);
	TRY(link_key_pair_init(&own, primitives()));
	status result = answer_with_key(conversation, &said, &own, flags);
	link_key_pair_deinit(&own);
	return result;
}

status conversation_answer(struct conversation *conversation, uint32_t flags)
{
	status result = answer(conversation, flags);

	return result == STATUS_OK ? result : fail(conversation, result);
}
