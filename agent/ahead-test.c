/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records whose keystream was made ahead: the same bytes, the same refusals, and no keystream twice. */
#include <string.h>

#include "agent/primitives.h"
#include "base/report.h"
#include "base/test.h"
#include "link/session.h"

enum { CONTENT_SIZE = 6000 };

struct pair {
	struct link_session enclave, source;
	struct link_ahead enclave_ahead, source_ahead;
	uint8_t message[CONTENT_SIZE + LINK_SEAL_OVERHEAD], content[CONTENT_SIZE];
	size_t message_size;
};

static void ignore(void *context, status fault, const char *message)
{
}

static void connect_pair(struct pair *pair, const struct link_primitives *primitives)
{
	static const char target[START_TARGET_SIZE] = "qemu:1234";
	struct link_key_pair enclave, source;
	struct link_binding binding = {0};
	struct link_caller caller;
	size_t size;

	assert_int_equal(link_key_pair_init(&enclave, primitives), STATUS_OK);
	assert_int_equal(link_key_pair_init(&source, primitives), STATUS_OK);
	memcpy(binding.source_key, source.public, sizeof binding.source_key);
	assert_int_equal(link_session_init_initiator(&pair->enclave, primitives, &enclave, &binding, target),
			 STATUS_OK);
	assert_int_equal(
		link_session_first(&pair->enclave, (struct span){0}, pair->message, sizeof pair->message, &size),
		STATUS_OK);
	assert_int_equal(link_session_accept(&pair->source, primitives, &source, &binding,
					     (struct span){pair->message, size}, &caller),
			 STATUS_OK);
	assert_int_equal(link_session_answer(&pair->source, pair->message, sizeof pair->message, &size), STATUS_OK);
	link_session_lend(&pair->enclave, &pair->enclave_ahead);
	link_session_lend(&pair->source, &pair->source_ahead);
	assert_int_equal(link_session_second(&pair->enclave, (struct span){pair->message, size}), STATUS_OK);
}

static void pair_init(struct pair *pair)
{
	const struct link_primitives *primitives;

	assert_int_equal(agent_primitives(&primitives), STATUS_OK);
	assert_true(link_primitives_have_streams(primitives));
	connect_pair(pair, primitives);
}

static struct span formula(size_t size)
{
	static uint8_t bytes[CONTENT_SIZE];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 8));
	return (struct span){bytes, size};
}

static void seal(struct pair *pair, struct link_session *session, size_t size)
{
	assert_int_equal(link_seal(session, formula(size), pair->message, sizeof pair->message, &pair->message_size),
			 STATUS_OK);
}

static status open_it(struct pair *pair, struct link_session *session, size_t *ret_size)
{
	return link_open(session, (struct span){pair->message, pair->message_size}, pair->content, sizeof pair->content,
			 ret_size);
}

/* A record of that size from the one to the other, each of which may have made something ahead. */
static void pass(struct pair *pair, struct link_session *from, struct link_session *to, size_t size)
{
	size_t opened_size;

	seal(pair, from, size);
	assert_int_equal(open_it(pair, to, &opened_size), STATUS_OK);
	assert_int_equal(opened_size, size);
	assert_memory_equal(pair->content, formula(size).data, size);
}

/* Both ends expect records of this size from now on, and are ready for the next. */
static void prepare_both(struct pair *pair, size_t size)
{
	pass(pair, &pair->enclave, &pair->source, size);
	pass(pair, &pair->source, &pair->enclave, size);
	link_prepare(&pair->enclave);
	link_prepare(&pair->source);
}

static void a_record_made_ahead_has_the_same_bytes(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 512, 800, 1000, 4095, 4415, 4416};
	static struct pair pair;
	uint8_t message[CONTENT_SIZE + LINK_SEAL_OVERHEAD];
	size_t size, opened_size;

	pair_init(&pair);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		prepare_both(&pair, LINK_AHEAD_SIZE);
		assert_true(pair.enclave_ahead.send.is_ready && pair.source_ahead.receive.is_ready);
		struct link_session alone = pair.enclave;
		alone.ahead = NULL;
		assert_int_equal(link_seal(&alone, formula(sizes[i]), message, sizeof message, &size), STATUS_OK);
		seal(&pair, &pair.enclave, sizes[i]);
		assert_false(pair.enclave_ahead.send.is_ready);
		assert_int_equal(pair.message_size, size);
		assert_memory_equal(pair.message, message, size);
		alone = pair.source;
		alone.ahead = NULL;
		assert_int_equal(open_it(&pair, &alone, &opened_size), STATUS_OK);
		assert_int_equal(open_it(&pair, &pair.source, &opened_size), STATUS_OK);
		assert_int_equal(opened_size, sizes[i]);
		assert_memory_equal(pair.content, formula(sizes[i]).data, sizes[i]);
	}
}

static void a_record_longer_than_what_was_made_goes_through(void **state)
{
	static struct pair pair;

	pair_init(&pair);
	prepare_both(&pair, 600);
	pass(&pair, &pair.enclave, &pair.source, 601);
	pass(&pair, &pair.source, &pair.enclave, 4416);
	prepare_both(&pair, CONTENT_SIZE);
	pass(&pair, &pair.enclave, &pair.source, CONTENT_SIZE);
	pass(&pair, &pair.source, &pair.enclave, LINK_AHEAD_SIZE);
}

static void every_changed_bit_is_refused_and_nothing_of_it_seen(void **state)
{
	static struct pair pair, before;
	size_t size;

	pair_init(&pair);
	prepare_both(&pair, 600);
	seal(&pair, &pair.enclave, 600);
	before = pair;
	for (size_t bit = 0; bit < pair.message_size * 8; bit++) {
		pair = before;
		pair.source.ahead = &pair.source_ahead;
		pair.message[bit / 8] ^= (uint8_t)(1 << bit % 8);
		memset(pair.content, 0, sizeof pair.content);
		status result = open_it(&pair, &pair.source, &size);
		assert_true(result == STATUS_MISMATCH || result == STATUS_MALFORMED);
		assert_true(link_session_is_over(&pair.source));
		for (size_t i = 0; i < sizeof pair.content; i++)
			assert_int_equal(pair.content[i], 0);
	}
}

static void a_keystream_is_for_its_record_and_only_once(void **state)
{
	static struct link_ahead ahead;
	const struct link_primitives *primitives;
	static const uint8_t secret[LINK_KEY_SIZE] = {1};
	struct link_aead_key key;

	assert_int_equal(agent_primitives(&primitives), STATUS_OK);
	primitives->aead_init(&key, secret);
	assert_false(link_stream_take(&ahead.send, 0, 0));
	link_stream_make(&ahead.send, primitives, &key, 5, 600);
	assert_true(link_stream_take(&ahead.send, 5, 600));
	assert_false(link_stream_take(&ahead.send, 5, 600));
	link_stream_make(&ahead.send, primitives, &key, 6, 600);
	/* For another number, or too short: it's nobody's any more. */
	assert_false(link_stream_take(&ahead.send, 7, 600));
	assert_false(link_stream_take(&ahead.send, 6, 600));
	link_stream_make(&ahead.send, primitives, &key, 8, 600);
	assert_false(link_stream_take(&ahead.send, 8, 601));
	assert_false(link_stream_take(&ahead.send, 8, 600));
}

static void keys_change_whatever_was_made_ahead(void **state)
{
	static struct pair pair;
	uint8_t before[LINK_KEY_SIZE];

	pair_init(&pair);
	memcpy(before, pair.enclave.send_secret, sizeof before);
	for (unsigned i = 0; i < LINK_REKEY_RECORDS + 100; i++)
		prepare_both(&pair, 600);
	assert_memory_not_equal(pair.enclave.send_secret, before, sizeof before);
}

static void primitives_without_parts_do_without(void **state)
{
	const struct link_primitives *primitives;
	struct link_primitives whole;
	static struct pair pair;

	assert_int_equal(agent_primitives(&primitives), STATUS_OK);
	whole = *primitives;
	whole.gcm_stream = NULL;
	whole.gcm_hash = NULL;
	whole.xor_bytes = NULL;
	connect_pair(&pair, &whole);
	prepare_both(&pair, 600);
	assert_false(pair.enclave_ahead.send.is_ready);
	prepare_both(&pair, 600);
}

static void nothing_of_a_keystream_is_left(void **state)
{
	static const struct link_ahead empty;
	static struct pair pair;

	pair_init(&pair);
	prepare_both(&pair, 600);
	assert_memory_not_equal(&pair.enclave_ahead, &empty, sizeof empty);
	link_session_deinit(&pair.enclave);
	assert_memory_equal(&pair.enclave_ahead, &empty, sizeof empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_made_ahead_has_the_same_bytes),
		cmocka_unit_test(a_record_longer_than_what_was_made_goes_through),
		cmocka_unit_test(every_changed_bit_is_refused_and_nothing_of_it_seen),
		cmocka_unit_test(a_keystream_is_for_its_record_and_only_once),
		cmocka_unit_test(keys_change_whatever_was_made_ahead),
		cmocka_unit_test(primitives_without_parts_do_without),
		cmocka_unit_test(nothing_of_a_keystream_is_left),
	};

	report_sink_set(ignore, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
