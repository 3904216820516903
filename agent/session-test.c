/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole sessions of link/, over OpenSSL and ipsec-mb: what works, and that nothing else does. */
#include <stdlib.h>
#include <string.h>

#include "agent/primitives.h"
#include "base/report.h"
#include "base/test.h"
#include "link/session.h"
#include "link/transcript.h"

enum { MESSAGE_SIZE = 4096 };

struct message {
	uint8_t data[MESSAGE_SIZE];
	size_t size;
};

/* Both ends, and the messages that made them. */
struct pair {
	const struct link_primitives *primitives;
	struct link_key_pair enclave_key, source_key;
	struct link_binding binding;
	char target[START_TARGET_SIZE];
	struct link_session enclave, source;
	struct message first, second;
	struct link_caller caller;
};

static char last_report[1024];

static void keep_report(void *context, status fault, const char *message)
{
	strncpy(last_report, message, sizeof last_report - 1);
}

static struct span span(const struct message *message)
{
	return (struct span){.data = message->data, .size = message->size};
}

static struct span text(const char *text)
{
	return (struct span){.data = (const uint8_t *)text, .size = strlen(text)};
}

static void pair_init(struct pair *pair)
{
	memset(pair, 0, sizeof *pair);
	assert_int_equal(agent_primitives(&pair->primitives), STATUS_OK);
	assert_int_equal(link_key_pair_init(&pair->enclave_key, pair->primitives), STATUS_OK);
	assert_int_equal(link_key_pair_init(&pair->source_key, pair->primitives), STATUS_OK);
	memset(&pair->binding, 7, sizeof pair->binding);
	memcpy(pair->binding.source_key, pair->source_key.public, LINK_KEY_SIZE);
	memcpy(pair->target, "qemu:1234", sizeof "qemu:1234");
}

/* Up to and including FIRST. */
static void call(struct pair *pair)
{
	assert_int_equal(link_session_init_initiator(&pair->enclave, pair->primitives, &pair->enclave_key,
						     &pair->binding, pair->target),
			 STATUS_OK);
	assert_int_equal(link_session_first(&pair->enclave, text("the grant"), pair->first.data, MESSAGE_SIZE,
					    &pair->first.size),
			 STATUS_OK);
}

static status accept_first(struct pair *pair, struct span first)
{
	return link_session_accept(&pair->source, pair->primitives, &pair->source_key, &pair->binding, first,
				   &pair->caller);
}

static void connect_pair(struct pair *pair)
{
	pair_init(pair);
	call(pair);
	assert_int_equal(accept_first(pair, span(&pair->first)), STATUS_OK);
	assert_int_equal(link_session_answer(&pair->source, pair->second.data, MESSAGE_SIZE, &pair->second.size),
			 STATUS_OK);
	assert_int_equal(link_session_second(&pair->enclave, span(&pair->second)), STATUS_OK);
}

static void seal_text(struct link_session *session, const char *content, struct message *ret_message)
{
	assert_int_equal(link_seal(session, text(content), ret_message->data, MESSAGE_SIZE, &ret_message->size),
			 STATUS_OK);
}

static status open_message(struct link_session *session, const struct message *message, char *ret_text)
{
	uint8_t content[MESSAGE_SIZE];
	size_t size;

	TRY(link_open(session, span(message), content, sizeof content, &size));
	memcpy(ret_text, content, size);
	ret_text[size] = 0;
	return STATUS_OK;
}

/* One request and its reply go through. */
static void talk(struct pair *pair)
{
	struct message message;
	char content[MESSAGE_SIZE];

	seal_text(&pair->enclave, "where?", &message);
	assert_int_equal(open_message(&pair->source, &message, content), STATUS_OK);
	assert_string_equal(content, "where?");
	seal_text(&pair->source, "here.", &message);
	assert_int_equal(open_message(&pair->enclave, &message, content), STATUS_OK);
	assert_string_equal(content, "here.");
}

static void both_ends_hear_each_other(void **state)
{
	struct pair pair;

	connect_pair(&pair);
	assert_memory_equal(pair.caller.key, pair.enclave_key.public, LINK_KEY_SIZE);
	assert_string_equal(pair.caller.target, "qemu:1234");
	assert_int_equal(pair.caller.payload_size, strlen("the grant"));
	assert_memory_equal(pair.caller.payload, "the grant", strlen("the grant"));
	assert_int_equal(pair.first.size, strlen("the grant") + LINK_FIRST_OVERHEAD);
	assert_int_equal(pair.second.size, LINK_SECOND_OVERHEAD);
	for (int i = 0; i < 100; i++)
		talk(&pair);
}

/* What each refusal must leave behind: nothing works any more, and it says why. */
static void assert_ended(struct link_session *session, status fault)
{
	struct message message;
	char content[MESSAGE_SIZE];

	assert_true(link_session_is_over(session));
	assert_false(link_session_is_proven(session));
	assert_int_equal(link_seal(session, text("more"), message.data, MESSAGE_SIZE, &message.size), fault);
	message.size = 0;
	assert_int_equal(open_message(session, &message, content), fault);
	assert_true(strlen(last_report) > 20);
}

/* Sessions are plain storage: a copy makes it possible to try many endings of one beginning. */
static void assert_refused(const struct link_session *session, const struct message *message, status fault)
{
	struct link_session copy = *session;
	char content[MESSAGE_SIZE];

	last_report[0] = 0;
	assert_int_equal(open_message(&copy, message, content), fault);
	assert_ended(&copy, fault);
}

/* As assert_refused(), whatever the reason. */
static void assert_refused_somehow(const struct link_session *session, const struct message *message)
{
	struct link_session copy = *session;
	char content[MESSAGE_SIZE];

	last_report[0] = 0;
	status fault = open_message(&copy, message, content);
	assert_true(status_is_fault(fault));
	assert_ended(&copy, fault);
}

static void every_changed_bit_of_a_record_ends_the_session(void **state)
{
	struct message message;
	struct pair pair;

	connect_pair(&pair);
	talk(&pair);
	seal_text(&pair.enclave, "an address that nobody may see", &message);
	for (size_t bit = 0; bit < message.size * 8; bit++) {
		message.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_refused_somehow(&pair.source, &message);
		message.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	char content[MESSAGE_SIZE];
	assert_int_equal(open_message(&pair.source, &message, content), STATUS_OK);
}

static void a_record_that_is_cut_or_longer_ends_the_session(void **state)
{
	struct message message, changed;
	struct pair pair;

	connect_pair(&pair);
	seal_text(&pair.enclave, "twenty-four bytes of it.", &message);
	for (size_t size = 0; size < message.size; size++) {
		changed = message;
		changed.size = size;
		assert_refused_somehow(&pair.source, &changed);
		/* The head may agree, too: the tag covers it. */
		if (size < LINK_HEAD_SIZE)
			continue;
		changed.data[4] = (uint8_t)(size - LINK_HEAD_SIZE);
		assert_refused_somehow(&pair.source, &changed);
	}
	for (size_t more = 1; more < 70; more++) {
		changed = message;
		memset(changed.data + changed.size, 0, more);
		changed.size += more;
		assert_refused_somehow(&pair.source, &changed);
		changed.data[4] = (uint8_t)(changed.size - LINK_HEAD_SIZE);
		assert_refused(&pair.source, &changed, STATUS_MISMATCH);
	}
}

static void a_replayed_record_ends_the_session(void **state)
{
	struct message message;
	char content[MESSAGE_SIZE];
	struct pair pair;

	connect_pair(&pair);
	seal_text(&pair.enclave, "once", &message);
	assert_int_equal(open_message(&pair.source, &message, content), STATUS_OK);
	assert_refused(&pair.source, &message, STATUS_MISMATCH);
	assert_non_null(strstr(last_report, "record 0 came where 1 was due: replayed"));
	/* Under the number that is due, it is another record. */
	message.data[8] = 1;
	assert_refused(&pair.source, &message, STATUS_MISMATCH);
}

static void a_dropped_or_swapped_record_ends_the_session(void **state)
{
	struct message first, second;
	struct pair pair;

	connect_pair(&pair);
	seal_text(&pair.enclave, "first", &first);
	seal_text(&pair.enclave, "second", &second);
	assert_refused(&pair.source, &second, STATUS_MISMATCH);
	assert_non_null(strstr(last_report, "record 1 came where 0 was due: records were dropped"));
	second.data[8] = 0;
	assert_refused(&pair.source, &second, STATUS_MISMATCH);
}

static void a_reflected_record_ends_the_session(void **state)
{
	struct message message;
	struct pair pair;

	connect_pair(&pair);
	seal_text(&pair.enclave, "to the source", &message);
	assert_refused(&pair.enclave, &message, STATUS_MISMATCH);
}

static void a_record_of_another_session_ends_the_session(void **state)
{
	struct message message;
	struct pair one, other;

	connect_pair(&one);
	connect_pair(&other);
	seal_text(&one.enclave, "for the one", &message);
	assert_refused(&other.source, &message, STATUS_MISMATCH);

	/* The same keys again: each handshake makes its own. */
	struct link_session earlier = one.enclave;
	call(&one);
	assert_int_equal(accept_first(&one, span(&one.first)), STATUS_OK);
	assert_int_equal(link_session_answer(&one.source, one.second.data, MESSAGE_SIZE, &one.second.size), STATUS_OK);
	seal_text(&earlier, "for the session before", &message);
	message.data[8] = 0;
	assert_refused(&one.source, &message, STATUS_MISMATCH);
}

static void another_type_of_message_ends_the_session(void **state)
{
	struct message message;
	struct pair pair;

	connect_pair(&pair);
	assert_refused(&pair.source, &pair.first, STATUS_MALFORMED);
	assert_refused(&pair.enclave, &pair.second, STATUS_MALFORMED);
	message.size = link_error_write("the target has gone\x1b[2J away", message.data);
	assert_refused(&pair.enclave, &message, STATUS_DENIED);
	assert_non_null(strstr(last_report, "unproven): the target has gone?[2J away"));
	/* A record isn't a CLOSE, nor the other way round. */
	seal_text(&pair.enclave, "", &message);
	message.data[0] = LINK_MESSAGE_CLOSE;
	assert_refused(&pair.source, &message, STATUS_MISMATCH);
}

static void a_replayed_first_message_proves_nothing(void **state)
{
	struct message message;
	char content[MESSAGE_SIZE];
	struct pair pair;

	connect_pair(&pair);
	assert_false(link_session_is_proven(&pair.source));
	talk(&pair);
	assert_true(link_session_is_proven(&pair.source));
	assert_true(link_session_is_proven(&pair.enclave));

	/* Somebody who recorded everything plays it again. */
	seal_text(&pair.enclave, "a record of the first session", &message);
	assert_int_equal(accept_first(&pair, span(&pair.first)), STATUS_OK);
	assert_memory_equal(pair.caller.key, pair.enclave_key.public, LINK_KEY_SIZE);
	assert_int_equal(link_session_answer(&pair.source, pair.second.data, MESSAGE_SIZE, &pair.second.size),
			 STATUS_OK);
	assert_false(link_session_is_proven(&pair.source));
	message.data[8] = 0;
	assert_int_equal(open_message(&pair.source, &message, content), STATUS_MISMATCH);
	assert_false(link_session_is_proven(&pair.source));
	assert_ended(&pair.source, STATUS_MISMATCH);
}

static void every_changed_bit_of_the_first_message_is_refused(void **state)
{
	struct pair pair;

	pair_init(&pair);
	call(&pair);
	for (size_t bit = 0; bit < pair.first.size * 8; bit++) {
		pair.first.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		status result = accept_first(&pair, span(&pair.first));
		assert_true(result == STATUS_MALFORMED || result == STATUS_MISMATCH);
		assert_ended(&pair.source, result);
		pair.first.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t size = 0; size < pair.first.size; size++) {
		const struct span cut = {.data = pair.first.data, .size = size};

		assert_int_equal(accept_first(&pair, cut), STATUS_MALFORMED);
	}
	assert_int_equal(accept_first(&pair, span(&pair.first)), STATUS_OK);
}

static void every_changed_bit_of_the_second_message_is_refused(void **state)
{
	struct pair pair;

	pair_init(&pair);
	call(&pair);
	assert_int_equal(accept_first(&pair, span(&pair.first)), STATUS_OK);
	assert_int_equal(link_session_answer(&pair.source, pair.second.data, MESSAGE_SIZE, &pair.second.size),
			 STATUS_OK);
	const struct link_session asked = pair.enclave;

	for (size_t bit = 0; bit < pair.second.size * 8; bit++) {
		pair.enclave = asked;
		/* X25519 ignores the highest bit of a key; the hash of all that was said doesn't. */
		pair.second.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		status result = link_session_second(&pair.enclave, span(&pair.second));
		assert_true(result == STATUS_MALFORMED || result == STATUS_MISMATCH);
		assert_ended(&pair.enclave, result);
		pair.second.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	pair.enclave = asked;
	assert_int_equal(link_session_second(&pair.enclave, span(&pair.second)), STATUS_OK);
}

/* Each part of what both must agree on: one byte of it differs at the source. */
static void ends_that_disagree_do_not_connect(void **state)
{
	const size_t members[] = {offsetof(struct link_binding, owner_key), offsetof(struct link_binding, source_key),
				  offsetof(struct link_binding, source_nonce)};
	struct pair pair;

	pair_init(&pair);
	call(&pair);
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		uint8_t *member = (uint8_t *)&pair.binding + members[i];

		member[31] ^= 1;
		assert_int_equal(accept_first(&pair, span(&pair.first)), STATUS_MISMATCH);
		member[31] ^= 1;
	}
	/* The target stands in FIRST, in clear. */
	pair.first.data[LINK_HEAD_SIZE + 5] = '2';
	assert_int_equal(accept_first(&pair, span(&pair.first)), STATUS_MISMATCH);
	assert_non_null(strstr(last_report, "doesn't open"));
	pair.first.data[LINK_HEAD_SIZE + 5] = '\t';
	assert_int_equal(accept_first(&pair, span(&pair.first)), STATUS_MALFORMED);
}

static void a_source_without_the_right_key_is_not_believed(void **state)
{
	struct link_key_pair thief;
	struct pair pair;

	pair_init(&pair);
	call(&pair);
	assert_int_equal(link_key_pair_init(&thief, pair.primitives), STATUS_OK);
	memcpy(thief.public, pair.source_key.public, LINK_KEY_SIZE);
	assert_int_equal(link_session_accept(&pair.source, pair.primitives, &thief, &pair.binding, span(&pair.first),
					     &pair.caller),
			 STATUS_MISMATCH);
}

static void keys_of_low_order_are_refused(void **state)
{
	struct pair pair;

	pair_init(&pair);
	memset(pair.binding.source_key, 0, LINK_KEY_SIZE);
	assert_int_equal(link_session_init_initiator(&pair.enclave, pair.primitives, &pair.enclave_key, &pair.binding,
						     pair.target),
			 STATUS_OK);
	assert_int_equal(
		link_session_first(&pair.enclave, text("grant"), pair.first.data, MESSAGE_SIZE, &pair.first.size),
		STATUS_MISMATCH);
	memcpy(pair.binding.source_key, pair.source_key.public, LINK_KEY_SIZE);
	call(&pair);
	memset(pair.first.data + LINK_HEAD_SIZE + START_TARGET_SIZE, 0, LINK_KEY_SIZE);
	assert_int_equal(accept_first(&pair, span(&pair.first)), STATUS_MISMATCH);
}

static void both_ends_rekey_before_the_same_record(void **state)
{
	uint8_t before[LINK_KEY_SIZE];
	struct message message;
	char content[MESSAGE_SIZE];
	struct pair pair;

	connect_pair(&pair);
	memcpy(before, pair.enclave.send_secret, sizeof before);
	for (unsigned i = 0; i < LINK_REKEY_RECORDS; i++)
		talk(&pair);
	assert_memory_equal(pair.enclave.send_secret, before, sizeof before);
	seal_text(&pair.enclave, "under the new key", &message);
	assert_memory_not_equal(pair.enclave.send_secret, before, sizeof before);
	assert_memory_not_equal(pair.enclave.send_secret, pair.enclave.receive_secret, sizeof before);

	/* A source that didn't rekey can't open it. */
	struct link_session stale = pair.source;
	stale.received_count = 1;
	message.data[8] = 1, message.data[9] = 0;
	assert_int_equal(open_message(&stale, &message, content), STATUS_MISMATCH);
	message.data[8] = 0, message.data[9] = LINK_REKEY_RECORDS >> 8;
	assert_int_equal(open_message(&pair.source, &message, content), STATUS_OK);
	assert_string_equal(content, "under the new key");
	assert_memory_equal(pair.source.receive_secret, pair.enclave.send_secret, sizeof before);
	seal_text(&pair.source, "back", &message);
	assert_int_equal(open_message(&pair.enclave, &message, content), STATUS_OK);
	talk(&pair);
}

static void a_session_ends_before_its_counter_does(void **state)
{
	struct message message;
	char content[MESSAGE_SIZE];
	struct pair pair;

	connect_pair(&pair);
	pair.enclave.sent_count = pair.source.received_count = UINT64_MAX - 1;
	seal_text(&pair.enclave, "the last one", &message);
	assert_int_equal(open_message(&pair.source, &message, content), STATUS_OK);
	assert_int_equal(link_seal(&pair.enclave, text("one more"), message.data, MESSAGE_SIZE, &message.size),
			 STATUS_LIMIT);
	assert_ended(&pair.enclave, STATUS_LIMIT);
	/* Not from a peer that doesn't count, either. */
	memset(message.data + 8, 0xff, 8);
	assert_refused(&pair.source, &message, STATUS_LIMIT);
}

static void close_ends_a_session_and_a_cut_is_no_close(void **state)
{
	struct message message, record;
	char content[MESSAGE_SIZE];
	struct pair pair;

	connect_pair(&pair);
	talk(&pair);
	const struct pair before = pair;

	assert_int_equal(link_close(&pair.enclave, message.data, MESSAGE_SIZE, &message.size), STATUS_OK);
	assert_int_equal(message.size, LINK_SEAL_OVERHEAD);
	assert_int_equal(link_seal(&pair.enclave, text("more"), record.data, MESSAGE_SIZE, &record.size), STATUS_USAGE);
	assert_int_equal(open_message(&pair.source, &message, content), STATUS_END);
	assert_int_equal(open_message(&pair.source, &message, content), STATUS_END);
	assert_true(link_session_is_over(&pair.source));
	/* The answer to it. */
	assert_int_equal(link_close(&pair.source, message.data, MESSAGE_SIZE, &message.size), STATUS_OK);
	assert_int_equal(open_message(&pair.enclave, &message, content), STATUS_END);

	/* Nobody else can close: neither a CLOSE without a tag, nor one of the other direction. */
	link_head_write(&(struct link_head){.type = LINK_MESSAGE_CLOSE, .counter = 1}, message.data);
	message.size = LINK_HEAD_SIZE;
	assert_refused(&before.source, &message, STATUS_MALFORMED);
	struct link_session source = before.source;
	assert_int_equal(link_close(&source, message.data, MESSAGE_SIZE, &message.size), STATUS_OK);
	assert_refused(&before.source, &message, STATUS_MISMATCH);
}

static void records_are_opened_and_sealed_in_place(void **state)
{
	struct message message;
	struct pair pair;
	size_t size;

	connect_pair(&pair);
	memcpy(message.data + LINK_HEAD_SIZE, "in place", 8);
	const struct span content = {.data = message.data + LINK_HEAD_SIZE, .size = 8};
	assert_int_equal(link_seal(&pair.enclave, content, message.data, MESSAGE_SIZE, &message.size), STATUS_OK);
	assert_memory_not_equal(message.data + LINK_HEAD_SIZE, "in place", 8);
	assert_int_equal(link_open(&pair.source, span(&message), message.data + LINK_HEAD_SIZE, 8, &size), STATUS_OK);
	assert_int_equal(size, 8);
	assert_memory_equal(message.data + LINK_HEAD_SIZE, "in place", 8);
}

static void what_does_not_fit_is_refused_before_it_is_written(void **state)
{
	struct message message;
	char content[MESSAGE_SIZE];
	uint8_t small[4];
	struct pair pair;
	size_t size;

	pair_init(&pair);
	assert_int_equal(link_session_init_initiator(&pair.enclave, pair.primitives, &pair.enclave_key, &pair.binding,
						     pair.target),
			 STATUS_OK);
	assert_int_equal(link_session_first(&pair.enclave, text("grant"), message.data, LINK_FIRST_OVERHEAD + 4, &size),
			 STATUS_LIMIT);
	const struct span large = {.data = message.data, .size = LINK_PAYLOAD_SIZE_MAX + 1};
	assert_int_equal(link_session_first(&pair.enclave, large, message.data, MESSAGE_SIZE, &size), STATUS_LIMIT);
	connect_pair(&pair);
	assert_int_equal(link_seal(&pair.enclave, text("12345"), message.data, LINK_SEAL_OVERHEAD + 4, &size),
			 STATUS_LIMIT);
	seal_text(&pair.enclave, "12345", &message);
	struct link_session copy = pair.source;
	assert_int_equal(link_open(&copy, span(&message), small, sizeof small, &size), STATUS_LIMIT);
	assert_int_equal(open_message(&pair.source, &message, content), STATUS_OK);
}

static void a_session_is_used_in_its_order(void **state)
{
	struct message message = {.size = 0};
	char content[MESSAGE_SIZE];
	struct pair pair;

	pair_init(&pair);
	assert_int_equal(link_session_second(&pair.enclave, span(&message)), STATUS_USAGE);
	assert_int_equal(link_session_answer(&pair.source, message.data, MESSAGE_SIZE, &message.size), STATUS_USAGE);
	assert_int_equal(link_seal(&pair.enclave, text("x"), message.data, MESSAGE_SIZE, &message.size), STATUS_USAGE);
	assert_int_equal(open_message(&pair.enclave, &message, content), STATUS_USAGE);
	pair.target[0] = 0;
	assert_int_equal(link_session_init_initiator(&pair.enclave, pair.primitives, &pair.enclave_key, &pair.binding,
						     pair.target),
			 STATUS_USAGE);
}

static void nothing_of_the_keys_is_left(void **state)
{
	static const struct link_session empty;
	struct pair pair;

	connect_pair(&pair);
	/* After the handshake, what could open it again is gone already. */
	assert_memory_equal(&pair.enclave.noise, &empty.noise, sizeof empty.noise);
	assert_memory_equal(&pair.source.noise, &empty.noise, sizeof empty.noise);
	link_session_deinit(&pair.enclave);
	assert_memory_equal(&pair.enclave, &empty, sizeof empty);
}

static void add_message(void *context, const char *name, struct span message)
{
	struct message *all = context;

	memcpy(all->data + all->size, message.data, message.size);
	all->size += message.size;
}

/* tests/link_reference.py, an implementation of its own, prints this hash; tests/test_link.py compares all
 * bytes with those of a session inside an image. */
static void a_session_has_the_bytes_that_an_independent_implementation_makes(void **state)
{
	static const uint8_t expected[LINK_HASH_SIZE] = {
		0x1b, 0x87, 0x33, 0x49, 0x28, 0x02, 0x53, 0xfd, 0x20, 0x59, 0x57, 0x74, 0xc1, 0x11, 0x7f, 0x97,
		0xd3, 0xf4, 0x47, 0xb8, 0xfe, 0x34, 0x27, 0x82, 0xfa, 0x0d, 0x8e, 0xb6, 0xff, 0xf6, 0x8f, 0x8b,
	};
	const struct link_primitives *tables[2];
	uint8_t hash[LINK_HASH_SIZE];

	assert_int_equal(agent_primitives(&tables[0]), STATUS_OK);
	assert_int_equal(agent_primitives_sse(&tables[1]), STATUS_OK);
	for (size_t i = 0; i < 2; i++) {
		struct message all = {.size = 0};

		assert_int_equal(link_transcript_run(tables[i], add_message, &all), STATUS_OK);
		const struct span part = span(&all);
		assert_int_equal(tables[i]->sha256(&part, 1, hash), STATUS_OK);
		assert_memory_equal(hash, expected, sizeof expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_hear_each_other),
		cmocka_unit_test(every_changed_bit_of_a_record_ends_the_session),
		cmocka_unit_test(a_record_that_is_cut_or_longer_ends_the_session),
		cmocka_unit_test(a_replayed_record_ends_the_session),
		cmocka_unit_test(a_dropped_or_swapped_record_ends_the_session),
		cmocka_unit_test(a_reflected_record_ends_the_session),
		cmocka_unit_test(a_record_of_another_session_ends_the_session),
		cmocka_unit_test(another_type_of_message_ends_the_session),
		cmocka_unit_test(a_replayed_first_message_proves_nothing),
		cmocka_unit_test(every_changed_bit_of_the_first_message_is_refused),
		cmocka_unit_test(every_changed_bit_of_the_second_message_is_refused),
		cmocka_unit_test(ends_that_disagree_do_not_connect),
		cmocka_unit_test(a_source_without_the_right_key_is_not_believed),
		cmocka_unit_test(keys_of_low_order_are_refused),
		cmocka_unit_test(both_ends_rekey_before_the_same_record),
		cmocka_unit_test(a_session_ends_before_its_counter_does),
		cmocka_unit_test(close_ends_a_session_and_a_cut_is_no_close),
		cmocka_unit_test(records_are_opened_and_sealed_in_place),
		cmocka_unit_test(what_does_not_fit_is_refused_before_it_is_written),
		cmocka_unit_test(a_session_is_used_in_its_order),
		cmocka_unit_test(nothing_of_the_keys_is_left),
		cmocka_unit_test(a_session_has_the_bytes_that_an_independent_implementation_makes),
	};

	report_sink_set(keep_report, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
