/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring with a host that lies: what comes out of it is an answer or an error. */
#include "base/test.h"

#include <limits.h>
#include <string.h>

#include "enclave/link/channel.h"
#include "enclave/runtime/hostile-host.h"

static struct link_ring ring;
static uint8_t answer[64];
static size_t answer_size;
static const struct span question = {(const uint8_t *)"a question", 10};
static unsigned waits_before_answer;

/* The source's side, run whenever the image waits outside. */
static void answer_later(struct call_slot *slot)
{
	assert_int_equal(slot->number, CALL_LINK_WAIT);
	assert_int_equal(slot->argument[0], ring.request_sequence);
	if (waits_before_answer-- > 1) {
		slot->result = STATUS_TORN;
		return;
	}
	memcpy(ring.reply, "an answer", 9);
	ring.reply_size = 9;
	ring.reply_sequence = ring.request_sequence;
	slot->result = STATUS_OK;
}

static int setup(void **state)
{
	(void)state;
	hostile_init();
	memset(ring.request, 0xee, sizeof ring.request);
	ring.reply_size = 0;
	ring.source_asleep = 1;
	hostile.ring = &ring;
	hostile.serve = answer_later;
	waits_before_answer = 1;
	answer_size = 0;
	memset(answer, 0, sizeof answer);
	return 0;
}

static status ask(void)
{
	return channel_exchange(question, answer, sizeof answer, &answer_size);
}

static void a_question_goes_out_and_its_answer_comes_back(void **state)
{
	uint64_t before = ring.request_sequence;

	assert_int_equal(ask(), STATUS_OK);
	assert_int_equal(ring.request_sequence, before + 1);
	assert_int_equal(ring.request_size, question.size);
	assert_memory_equal(ring.request, "a question", 10);
	assert_int_equal(answer_size, 9);
	assert_memory_equal(answer, "an answer", 10); /* nothing behind it */
}

static void an_answer_that_is_late_is_waited_for(void **state)
{
	waits_before_answer = 20;
	assert_int_equal(ask(), STATUS_OK);
	assert_int_equal(hostile.call_count, 20);
}

static void an_old_answer_is_never_taken_for_a_new_one(void **state)
{
	assert_int_equal(ask(), STATUS_OK);
	memcpy(ring.reply, "old words", 9);
	waits_before_answer = 3;
	assert_int_equal(ask(), STATUS_OK);
	assert_memory_equal(answer, "an answer", 9);
}

static void answer_with_size(struct call_slot *slot)
{
	ring.reply_sequence = ring.request_sequence;
	slot->result = STATUS_OK;
}

static void a_size_that_no_answer_has_is_refused(void **state)
{
	static const uint64_t sizes[] = {0, sizeof answer + 1, LINK_RING_REPLY_SIZE + 1, UINT64_MAX, UINT64_C(1) << 63};

	hostile.serve = answer_with_size;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		ring.reply_size = sizes[i];
		assert_int_equal(ask(), STATUS_MALFORMED);
		assert_int_equal(hostile.report_count, i + 1);
		assert_int_equal(answer_size, 0);
	}
}

static void a_source_that_has_gone_is_an_error_in_words(void **state)
{
	hostile.serve = NULL;
	hostile.result = STATUS_GONE;
	assert_int_equal(ask(), STATUS_IO);
	assert_int_equal(hostile.report_count, 1);
	assert_non_null(strstr(hostile.last_message, "the agent has ended"));
}

static void a_host_that_says_again_and_again_that_an_answer_came_is_refused(void **state)
{
	hostile.serve = NULL;
	hostile.result = STATUS_OK;
	assert_int_equal(ask(), STATUS_MALFORMED);
	assert_int_equal(hostile.report_count, 1);
}

static void answer_and_go(struct call_slot *slot)
{
	answer_later(slot);
	slot->result = STATUS_GONE;
}

static void the_last_answer_of_one_that_goes_counts(void **state)
{
	hostile.serve = answer_and_go;
	assert_int_equal(ask(), STATUS_OK);
	assert_memory_equal(answer, "an answer", 9);
}

static void a_host_that_makes_up_a_state_of_waiting_is_refused(void **state)
{
	static const int64_t results[] = {77, -1000, INT64_MIN, INT64_MAX, STATUS_UNMAPPED, STATUS_DENIED};

	hostile.serve = NULL;
	for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
		hostile.result = results[i];
		assert_int_equal(ask(), STATUS_MALFORMED);
	}
}

static void a_message_that_does_not_fit_stays_inside(void **state)
{
	static uint8_t much[LINK_RING_REQUEST_SIZE + 1];
	uint64_t before = ring.request_sequence;

	assert_int_equal(channel_exchange((struct span){much, sizeof much}, answer, sizeof answer, &answer_size),
			 STATUS_INTERNAL);
	assert_int_equal(channel_exchange((struct span){much, 0}, answer, sizeof answer, &answer_size),
			 STATUS_INTERNAL);
	assert_int_equal(ring.request_sequence, before);
	assert_int_equal(ring.request[0], 0xee);
}

static void an_answer_that_never_comes_is_an_error_in_the_end(void **state)
{
	waits_before_answer = UINT_MAX;
	assert_int_equal(ask(), STATUS_IO);
	assert_non_null(strstr(hostile.last_message, "no answer came from the agent"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_answer_that_never_comes_is_an_error_in_the_end, setup),
		cmocka_unit_test_setup(a_question_goes_out_and_its_answer_comes_back, setup),
		cmocka_unit_test_setup(an_answer_that_is_late_is_waited_for, setup),
		cmocka_unit_test_setup(an_old_answer_is_never_taken_for_a_new_one, setup),
		cmocka_unit_test_setup(a_size_that_no_answer_has_is_refused, setup),
		cmocka_unit_test_setup(a_source_that_has_gone_is_an_error_in_words, setup),
		cmocka_unit_test_setup(the_last_answer_of_one_that_goes_counts, setup),
		cmocka_unit_test_setup(a_host_that_makes_up_a_state_of_waiting_is_refused, setup),
		cmocka_unit_test_setup(a_host_that_says_again_and_again_that_an_answer_came_is_refused, setup),
		cmocka_unit_test_setup(a_message_that_does_not_fit_stays_inside, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
