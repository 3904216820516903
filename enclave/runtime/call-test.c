/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The slot as the image sees it, against hosts that say what a test wants. */
#include "base/test.h"

#include "enclave/runtime/hostile-host.h"

enum { NUMBER = SYS_lseek };

static struct call_slot *const slot = &hostile.window.slot;

static int setup(void **state)
{
	(void)state;
	hostile_init();
	return 0;
}

static int64_t call(void)
{
	return runtime_call_host(NUMBER, 1, 2, 3, 4, 5);
}

static void arguments_stand_in_the_slot_before_it_is_posted(void **state)
{
	(void)state;
	hostile.result = 42;
	assert_int_equal(call(), 42);
	assert_int_equal(hostile.last.number, NUMBER);
	for (uint64_t i = 0; i < CALL_ARGUMENT_COUNT; i++)
		assert_int_equal(hostile.last.argument[i], i == 5 ? 0 : i + 1);
	assert_int_equal(hostile.last.posted, 1);
	assert_int_equal(call(), 42);
	assert_int_equal(hostile.last.posted, 2);
}

/* Serves at the third time that the image comes out. */
static void serve_late(struct call_slot *posted)
{
	if (hostile.call_count < 3)
		posted->done = posted->posted - 1;
}

static void coming_back_early_is_not_an_answer(void **state)
{
	(void)state;
	hostile.serve = serve_late;
	hostile.result = 7;
	assert_int_equal(call(), 7);
	assert_int_equal(hostile.call_count, 3);
}

static void serve_never(struct call_slot *posted)
{
	posted->done = posted->posted - 1;
}

static void a_host_that_never_serves_is_given_up(void **state)
{
	(void)state;
	hostile.serve = serve_never;
	hostile.result = 7;
	assert_true(call() == CALL_RESULT_NONE);
	assert_in_range(hostile.call_count, 2, 1000);
}

static uint64_t garbage;

static void serve_garbage(struct call_slot *posted)
{
	posted->done = garbage == posted->posted ? 0 : garbage;
	posted->claimed = garbage;
	posted->helper = garbage;
	/* The image's own words too: nobody reads them back. */
	posted->posted = posted->number = garbage;
}

static void garbage_in_the_words_of_the_state_is_no_answer(void **state)
{
	static const uint64_t values[] = {0, 2, 3, 4, 1ull << 32, 1ull << 63, UINT64_MAX, UINT64_MAX - 1};

	(void)state;
	hostile.serve = serve_garbage;
	hostile.result = 7;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		garbage = values[i];
		assert_true(call() == CALL_RESULT_NONE);
	}
	hostile.serve = NULL;
	assert_int_equal(call(), 7);
}

static void an_answer_to_another_call_is_not_taken(void **state)
{
	(void)state;
	assert_int_equal(call(), 0);
	/* The host promises a helper, and has answered ahead: with the wrong number. */
	slot->helper = CALL_HELPER_AWAKE;
	slot->result = 99;
	slot->done = 1;
	hostile.result = 5;
	assert_int_equal(call(), 5);
	assert_int_equal(hostile.call_count, 2);
}

static void a_helper_that_is_said_to_be_awake_saves_the_exit(void **state)
{
	(void)state;
	slot->helper = CALL_HELPER_AWAKE;
	slot->result = 99;
	slot->done = 1; /* what a helper would have stored by now */
	assert_int_equal(call(), 99);
	assert_int_equal(hostile.call_count, 0);
}

static void a_helper_that_does_nothing_keeps_no_call_from_its_answer(void **state)
{
	(void)state;
	slot->helper = CALL_HELPER_AWAKE;
	hostile.result = 3;
	/* Each call is answered, though nobody claims it in time. */
	for (int i = 0; i < 5000; i++)
		assert_int_equal(call(), 3);
	assert_int_equal(hostile.call_count, 5000);
}

static void the_end_of_a_program_always_comes_out(void **state)
{
	(void)state;
	slot->helper = CALL_HELPER_AWAKE;
	slot->done = 1;
	(void)runtime_call_host(CALL_EXIT, 0, 0, 0, 0, 0);
	assert_int_equal(hostile.call_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(arguments_stand_in_the_slot_before_it_is_posted, setup),
		cmocka_unit_test_setup(coming_back_early_is_not_an_answer, setup),
		cmocka_unit_test_setup(a_host_that_never_serves_is_given_up, setup),
		cmocka_unit_test_setup(garbage_in_the_words_of_the_state_is_no_answer, setup),
		cmocka_unit_test_setup(an_answer_to_another_call_is_not_taken, setup),
		cmocka_unit_test_setup(a_helper_that_is_said_to_be_awake_saves_the_exit, setup),
		cmocka_unit_test_setup(a_helper_that_does_nothing_keeps_no_call_from_its_answer, setup),
		cmocka_unit_test_setup(the_end_of_a_program_always_comes_out, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
