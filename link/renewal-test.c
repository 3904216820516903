/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes, written down by hand. */
#include <string.h>

#include "base/test.h"

#include "link/plan.h"
#include "link/renewal.h"

static uint8_t grant[LINK_GRANT_SIZE], request[LINK_RENEWAL_SIZE], reply[LINK_RENEWAL_REPLY_SIZE];

static const uint8_t request_magic[] = {'B', 'Z', 'G', 'Q'};
/* Denied (-6); 10,000 ms. */
static const uint8_t reply_start[] = {'B', 'Z', 'G', 'P', 0xfa, 0xff, 0xff, 0xff, 0x10, 0x27};

static int set_up(void **state)
{
	memset(grant, 0x5c, sizeof grant);
	memset(request, 0, sizeof request);
	memcpy(request, request_magic, sizeof request_magic);
	memcpy(request + 32, grant, sizeof grant);
	memset(reply, 0, sizeof reply);
	memcpy(reply, reply_start, sizeof reply_start);
	return 0;
}

static struct span span_of(const uint8_t *bytes, size_t size)
{
	return (struct span){bytes, size};
}

static void a_grant_is_encoded_as_documented_and_comes_back(void **state)
{
	uint8_t encoded[LINK_RENEWAL_SIZE];
	struct span found;

	link_renewal_encode(grant, encoded);
	assert_memory_equal(encoded, request, sizeof request);
	assert_true(link_renewal_is(span_of(request, sizeof request)));
	assert_int_equal(link_renewal_decode(span_of(request, sizeof request), &found), STATUS_OK);
	assert_ptr_equal(found.data, request + 32);
	assert_int_equal(found.size, LINK_GRANT_SIZE);
}

static void every_byte_around_a_grant_must_be_as_it_is(void **state)
{
	struct span found;

	for (size_t i = 0; i < sizeof request; i++) {
		if (i >= 32 && i < 32 + sizeof grant)
			continue;
		request[i] ^= 1;
		assert_int_equal(link_renewal_decode(span_of(request, sizeof request), &found), STATUS_MALFORMED);
		request[i] ^= 1;
	}
	for (size_t size = 0; size < sizeof request; size++)
		assert_int_equal(link_renewal_decode(span_of(request, size), &found), STATUS_MALFORMED);
}

static void an_answer_is_encoded_as_documented_and_comes_back(void **state)
{
	const struct link_renewal_reply denied = {STATUS_DENIED, 10000};
	uint8_t encoded[LINK_RENEWAL_REPLY_SIZE];
	struct link_renewal_reply found;

	link_renewal_reply_encode(&denied, encoded);
	assert_memory_equal(encoded, reply, sizeof reply);
	assert_int_equal(link_renewal_reply_decode(span_of(reply, sizeof reply), &found), STATUS_OK);
	assert_int_equal(found.outcome, STATUS_DENIED);
	assert_int_equal(found.left_ms, 10000);
}

static void an_answer_that_is_altered_is_refused(void **state)
{
	struct link_renewal_reply found;

	for (size_t i = 0; i < sizeof reply; i++) {
		if (i >= 8 && i < 16)
			continue;
		reply[i] ^= 1;
		assert_int_equal(link_renewal_reply_decode(span_of(reply, sizeof reply), &found), STATUS_MALFORMED);
		reply[i] ^= 1;
	}
	for (size_t size = 0; size < sizeof reply; size++)
		assert_int_equal(link_renewal_reply_decode(span_of(reply, size), &found), STATUS_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_grant_is_encoded_as_documented_and_comes_back, set_up),
		cmocka_unit_test_setup(every_byte_around_a_grant_must_be_as_it_is, set_up),
		cmocka_unit_test_setup(an_answer_is_encoded_as_documented_and_comes_back, set_up),
		cmocka_unit_test_setup(an_answer_that_is_altered_is_refused, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
