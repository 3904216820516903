/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both ends of the slot in one process: the image's code calls, real helper
 * threads and the thread that comes out serve. */
#include "base/test.h"

#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "enclave/runtime/call.h"
#include "host/serve/helper.h"

enum {
	CALL_COUNT = 50000,
	FIRST_NUMBER = 0x20000,
	SLOW_NUMBER = 0x30000,
	/* What depends on when threads get a core happens sooner or later. In numbers
	 * of calls, "later" is too soon: a million pass within one quantum of somebody else. */
	PATIENCE_S = 60,
};

static struct call_window window __attribute__((aligned(4096)));
static struct serve serve;
static struct helper helper;
static unsigned long exit_count;
static _Atomic int under_way;

void runtime_enter_host(void)
{
	exit_count++;
	helper_serve_call(&helper);
}

/* What the data area holds comes back doubled: a call served twice, half or with
 * another one's data is seen. */
static int64_t answer(struct serve *this, const struct serve_request *request)
{
	uint64_t *data = (uint64_t *)this->window->data;
	static const struct timespec slow = {.tv_nsec = 3000000};
	int64_t result = (int64_t)(request->number ^ request->argument[0]);

	if (request->number == CALL_EXIT)
		return serve_answer(this, request);
	assert_int_equal(under_way++, 0); /* never two at a time */
	if (request->number == SLOW_NUMBER)
		nanosleep(&slow, NULL);
	data[0] *= 2;
	under_way--;
	return result;
}

static int set_up(enum helper_mode mode)
{
	const struct span no_profile = {};

	memset(&window, 0, sizeof window);
	serve_init(&serve, &window, NULL, no_profile);
	serve.answer = answer;
	runtime_window_init(&window);
	helper_init(&helper, &serve, mode);
	exit_count = 0;
	return 0;
}

static int never(void **state)
{
	(void)state;
	return set_up(HELPER_NEVER);
}

static int adaptive(void **state)
{
	(void)state;
	return set_up(HELPER_ADAPTIVE);
}

static int always(void **state)
{
	(void)state;
	return set_up(HELPER_ALWAYS);
}

static int tear_down(void **state)
{
	(void)state;
	helper_deinit(&helper);
	serve_deinit(&serve);
	return 0;
}

static void call(uint64_t number, uint64_t i)
{
	uint64_t data = i + 1;

	runtime_window_put(0, &data, sizeof data);
	assert_int_equal(runtime_call_host(number, i, 0, 0, 0, 0), (int64_t)(number ^ i));
	runtime_window_get(0, &data, sizeof data);
	assert_int_equal(data, 2 * (i + 1));
}

static void every_call_is_served_once_and_right(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < CALL_COUNT; i++)
		call(FIRST_NUMBER + i % 7, i);
	assert_int_equal(serve.served, CALL_COUNT);
	if (helper.mode == HELPER_NEVER)
		assert_int_equal(exit_count, CALL_COUNT);
}

static void a_helper_serves_calls_while_the_image_stays_inside(void **state)
{
	time_t end = time(NULL) + PATIENCE_S;
	uint64_t i = 0;

	(void)state;
	while (exit_count == i && time(NULL) < end)
		call(FIRST_NUMBER, i++);
	assert_true(exit_count < i);
}

static void a_burst_of_calls_starts_the_helper(void **state)
{
	time_t end = time(NULL) + PATIENCE_S;

	(void)state;
	assert_false(helper.started);
	for (uint64_t i = 0; time(NULL) < end && !helper.started; i++)
		call(FIRST_NUMBER, i);
	assert_true(helper.started);
}

/* The image gives up spinning, comes out, and waits for the thread that has it. */
static void a_call_that_takes_long_is_waited_for(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 20; i++)
		call(SLOW_NUMBER, i);
	assert_int_equal(serve.served, 20);
}

static void the_end_of_the_program_is_seen_by_the_thread_that_comes_out(void **state)
{
	(void)state;
	call(FIRST_NUMBER, 1);
	(void)runtime_call_host(CALL_EXIT, 9, 0, 0, 0, 0);
	assert_true(exit_count >= 1);
	assert_true(serve.exited);
	assert_int_equal(serve.exit_code, 9);
}

static void coming_out_without_a_call_does_nothing(void **state)
{
	(void)state;
	call(FIRST_NUMBER, 1);
	runtime_enter_host();
	assert_int_equal(serve.served, 1);
}

/* An image may be hostile to the host as well: the words of the state are its to
 * write. Calls are still served one at a time (answer() would notice). */
static void an_image_that_writes_the_hosts_words_gains_nothing(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < CALL_COUNT; i++) {
		__atomic_store_n(&window.slot.posted, i % 5, __ATOMIC_RELEASE);
		__atomic_store_n(&window.slot.claimed, i % 3, __ATOMIC_RELEASE);
		__atomic_store_n(&window.slot.done, i % 2, __ATOMIC_RELEASE);
		helper_serve_call(&helper);
	}
	assert_int_equal(under_way, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_call_is_served_once_and_right, never, tear_down),
		cmocka_unit_test_setup_teardown(every_call_is_served_once_and_right, adaptive, tear_down),
		cmocka_unit_test_setup_teardown(every_call_is_served_once_and_right, always, tear_down),
		cmocka_unit_test_setup_teardown(a_helper_serves_calls_while_the_image_stays_inside, always, tear_down),
		cmocka_unit_test_setup_teardown(a_burst_of_calls_starts_the_helper, adaptive, tear_down),
		cmocka_unit_test_setup_teardown(a_call_that_takes_long_is_waited_for, never, tear_down),
		cmocka_unit_test_setup_teardown(a_call_that_takes_long_is_waited_for, always, tear_down),
		cmocka_unit_test_setup_teardown(the_end_of_the_program_is_seen_by_the_thread_that_comes_out, never,
						tear_down),
		cmocka_unit_test_setup_teardown(the_end_of_the_program_is_seen_by_the_thread_that_comes_out, always,
						tear_down),
		cmocka_unit_test_setup_teardown(coming_out_without_a_call_does_nothing, never, tear_down),
		cmocka_unit_test_setup_teardown(coming_out_without_a_call_does_nothing, always, tear_down),
		cmocka_unit_test_setup_teardown(an_image_that_writes_the_hosts_words_gains_nothing, always, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
