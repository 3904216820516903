/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "records.h"

/* What is made ahead is for contents of LINK_AHEAD_SIZE_MIN bytes and more. */
enum { CONTENT_SIZE = 4 * LINK_AHEAD_SIZE_MIN };

/* Sessions are plain storage: copies of them are as many beginnings as one wants. */
struct pair {
	struct link_session end[2]; /* the enclave's, the source's: it sends what goes back */
	struct heard heard;
};

enum { YOUNG, LAST_OF_KEY, REKEYED, AGE_COUNT };
static struct pair ages[AGE_COUNT];
static struct pair pair; /* the one that is tried */
static struct link_ahead aheads[2]; /* its ends' */
static uint8_t contents[4][CONTENT_SIZE];
static size_t content_sizes[4];
static struct message messages[4];

static void must(status result)
{
	if (result == STATUS_OK)
		return;
	fprintf(stderr, "soak-records: an honest session fails: %s\n", words_last);
	exit(2);
}

static void connect_pair(struct pair *young)
{
	static struct source source;
	static struct message question, answer;
	uint8_t encoded[LINK_GRANT_SIZE];
	struct link_key_pair own;
	struct link_grant grant;

	source_init(&source);
	must(link_key_pair_init(&own, world_primitives()));
	world_grant(own.public, &grant);
	must(link_grant_encode(&grant, encoded));
	must(link_session_init_initiator(&young->end[0], world_primitives(), &own, &world_binding, world_target));
	must(link_session_first(&young->end[0], (struct span){encoded, sizeof encoded}, question.data,
				sizeof question.data, &question.size));
	source_answer(&source, &question, &answer);
	must(link_session_second(&young->end[0], (struct span){answer.data, answer.size}));
	young->end[1] = source.session;
	heard_add(&young->heard, false, &question);
	heard_add(&young->heard, true, &answer);
}

static void pass(struct pair *old, bool back, bool keep)
{
	static const uint8_t content[32] = "as always";
	static struct message message;
	uint8_t opened[64];
	size_t size;

	must(link_seal(&old->end[back], (struct span){content, sizeof content}, message.data, sizeof message.data,
		       &message.size));
	if (keep)
		heard_add(&old->heard, back, &message);
	must(link_open(&old->end[!back], (struct span){message.data, message.size}, opened, sizeof opened, &size));
}

static void make_ages(void)
{
	static struct pair old;

	if (ages[YOUNG].heard.count[0] > 0)
		return;
	connect_pair(&old);
	for (uint64_t i = 0; i < LINK_REKEY_RECORDS + 2; i++) {
		if (i == 3)
			ages[YOUNG] = old;
		if (i == LINK_REKEY_RECORDS - 1)
			ages[LAST_OF_KEY] = old;
		for (int back = 0; back < 2; back++)
			pass(&old, back, i < 3 || i >= LINK_REKEY_RECORDS - 6);
	}
	ages[REKEYED] = old;
}

static void seal_one(bool back, unsigned i)
{
	content_sizes[i] = below(CONTENT_SIZE);
	random_fill(contents[i], content_sizes[i]);
	must(link_seal(&pair.end[back], (struct span){contents[i], content_sizes[i]}, messages[i].data,
		       sizeof messages[i].data, &messages[i].size));
	for (int end = 0; end < 2; end++)
		link_prepare(&pair.end[end]);
}

/* `count` records of one direction, sealed one after the other. */
static void seal_some(bool back, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		seal_one(back, i);
}

static status open_message(bool back, const struct message *message, uint8_t opened[CONTENT_SIZE + 64],
			   size_t *ret_size)
{
	memset(opened, 0, CONTENT_SIZE + 64);
	return link_open(&pair.end[!back], (struct span){message->data, message->size}, opened, CONTENT_SIZE + 64,
			 ret_size);
}

static enum verdict open_honestly(bool back, unsigned i)
{
	uint8_t opened[CONTENT_SIZE + 64];
	size_t size;

	if (open_message(back, &messages[i], opened, &size) != STATUS_OK || size != content_sizes[i] ||
	    memcmp(opened, contents[i], size) != 0)
		return bad("a genuine record doesn't open: %s", words_last);
	return HARMLESS;
}

/* A record that isn't due: refused in words, nothing of it seen, and the session over, whatever comes. */
static enum verdict must_refuse(bool back, const struct message *message, const struct message *genuine)
{
	static const uint8_t nothing[CONTENT_SIZE + 64];
	struct link_session *end = &pair.end[!back];
	uint8_t opened[CONTENT_SIZE + 64], more[LINK_SEAL_OVERHEAD];
	size_t size;

	words_forget();
	status result = open_message(back, message, opened, &size);
	if (!status_is_fault(result))
		return bad("a record that isn't due was taken (%s)", status_name(result));
	if (words_count != 1)
		return bad("refused with %u reports", words_count);
	if (memcmp(opened, nothing, sizeof nothing) != 0)
		return bad("refused, and its content was seen");
	if (!link_session_is_over(end) || link_session_is_proven(end))
		return bad("refused, and the session goes on");
	if (open_message(back, genuine, opened, &size) != result ||
	    link_seal(end, (struct span){0}, more, sizeof more, &size) != result)
		return bad("after a refusal, something else than its fault");
	return REFUSED;
}

/* What isn't due is refused the same way where its keystream was made ahead. */
static void begin_pair(unsigned age, bool ahead)
{
	pair = ages[age];
	for (int end = 0; end < 2 && ahead; end++)
		link_session_lend(&pair.end[end], &aheads[end]);
}

enum verdict try_session(enum mutation mutation)
{
	static struct message changed;
	bool back = below(2), closing = below(8) == 0;
	unsigned honest = (unsigned)below(2);

	make_ages();
	begin_pair((unsigned)below(AGE_COUNT), below(2));
	for (unsigned i = 0; i < honest; i++) {
		seal_one(back, i);
		if (open_honestly(back, i) == BAD)
			return BAD;
	}
	seal_one(back, honest);
	if (closing)
		must(link_close(&pair.end[back], messages[honest].data, sizeof messages[honest].data,
				&messages[honest].size));
	message_copy(&changed, &messages[honest]);
	message_mutate(&changed, mutation, back, &pair.heard);
	return must_refuse(back, &changed, &messages[honest]);
}

enum verdict try_reordered(void)
{
	bool back = below(2);
	unsigned count = 2 + (unsigned)below(3);

	make_ages();
	pair = ages[below(AGE_COUNT)];
	seal_some(back, count);
	return must_refuse(back, &messages[1 + below(count - 1)], &messages[0]);
}

/* Records from before the keys changed, as they were or with the number that is due; records from after, too early. */
enum verdict try_across_rekey(void)
{
	static struct message changed;
	bool back = below(2);
	const struct heard *heard;

	make_ages();
	if (below(2)) {
		pair = ages[REKEYED];
		heard = &ages[REKEYED].heard;
		seal_some(back, 1);
		message_copy(&changed, &heard->message[back][1 + below(heard->count[back] - 1)]);
		if (below(2))
			memcpy(changed.data + 8, messages[0].data + 8, 8);
	} else {
		pair = ages[LAST_OF_KEY];
		seal_some(back, 2);
		message_copy(&changed, &messages[1]);
		if (below(2))
			memcpy(changed.data + 8, messages[0].data + 8, 8);
	}
	return must_refuse(back, &changed, &messages[0]);
}

/* An enclave that has its keys, and asks for what nobody may ask. */
enum verdict try_request_content(void)
{
	static struct source source;
	static struct message question, answer;
	struct link_request request = {.operation_count = 1 + (uint32_t)below(LINK_OPERATION_COUNT_MAX)};
	uint8_t plain[LINK_REQUEST_SIZE], again[LINK_REQUEST_SIZE];
	size_t size, again_size;

	make_ages();
	pair = ages[YOUNG];
	for (uint32_t i = 0; i < request.operation_count; i++)
		request.operation[i] = (struct link_operation){LINK_READ, LINK_SPACE_PHYSICAL,
							       1 + (uint32_t)below(4096), 4096 * below(64), 0};
	must(link_request_encode(&request, plain, &size));
	for (uint64_t count = 1 + below(4); count > 0; count--)
		plain[below(2) ? below(size < 64 ? size : 64) : below(size)] =
			(uint8_t)(below(2) ? below(9) : random_next());
	if (below(8) == 0)
		size = below(size);
	must(link_seal(&pair.end[0], (struct span){plain, size}, question.data, sizeof question.data, &question.size));
	source_init(&source);
	source.has_answered_first = true;
	source.session = pair.end[1];
	words_forget();
	source_answer(&source, &question, &answer);
	if (source.is_over)
		return words_count > 0 ? REFUSED : bad("refused without words");
	if (link_request_encode(&source.request, again, &again_size) != STATUS_OK || again_size != size ||
	    memcmp(again, plain, size) != 0)
		return bad("a request was taken for another one");
	if (answer.size != link_request_reply_size(&source.request) + LINK_SEAL_OVERHEAD)
		return bad("an answer of %zu bytes", answer.size);
	return HARMLESS;
}

static void spoil_grant(struct link_grant *grant, uint8_t encoded[LINK_GRANT_SIZE], size_t *size)
{
	struct link_grant other = *grant;
	uint8_t *members[] = {other.enclave_key, other.source_key, other.source_nonce};

	switch (below(4)) {
	case 0: members[below(3)][below(32)] ^= (uint8_t)(1 << below(8)); break;
	case 1: other.valid_until = below(1001); break;
	case 2: memcpy(other.target, "qemu:1235", 10); break;
	default: *size = below(LINK_GRANT_SIZE); return;
	}
	world_sign(&other, true);
	must(link_grant_encode(&other, encoded));
}

/* An enclave that shows a grant which isn't its own, or which nobody signed. */
enum verdict try_grant_shown(void)
{
	static struct source source;
	static struct message question, answer;
	uint8_t encoded[LINK_GRANT_SIZE];
	struct link_session enclave;
	struct link_key_pair own;
	struct link_grant grant;
	size_t size = sizeof encoded;

	must(link_key_pair_init(&own, world_primitives()));
	world_grant(own.public, &grant);
	must(link_grant_encode(&grant, encoded));
	if (below(4) == 0)
		spoil_grant(&grant, encoded, &size);
	else
		encoded[below(sizeof encoded)] ^= (uint8_t)(1 + below(255));
	must(link_session_init_initiator(&enclave, world_primitives(), &own, &world_binding, world_target));
	must(link_session_first(&enclave, (struct span){encoded, size}, question.data, sizeof question.data,
				&question.size));
	source_init(&source);
	words_forget();
	source_answer(&source, &question, &answer);
	if (!source.is_over || !status_is_fault(link_session_second(&enclave, (struct span){answer.data, answer.size})))
		return bad("a source took a grant that isn't the owner's for this enclave");
	return words_count >= 2 ? REFUSED : bad("refused without words");
}
