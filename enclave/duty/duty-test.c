/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program with a grant, by a clock that the test turns, and a verifier that gives, refuses or hangs. */
#include "base/test.h"

#include <string.h>
#include <sys/syscall.h>

#include "base/report.h"
#include "enclave/attest/verifier.h"
#include "enclave/duty/duty.h"
#include "enclave/duty/fingerprint.h"
#include "enclave/duty/leftover.h"
#include "enclave/duty/output.h"
#include "enclave/duty/talk.h"
#include "enclave/duty/unsent.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/runtime.h"
#include "wire/agent.h"

enum verifier_mood { GIVES, REFUSES, HANGS };

static struct {
	int64_t now_ms;
	uint8_t window[64];
	bool is_child;
	unsigned call_count;
	enum verifier_mood mood;
	bool is_gone; /* nobody is there to be connected to */
	uint32_t patience_ms; /* of the last connection or sending */
	unsigned asked_count; /* for grants */
	uint64_t left_ms; /* of each grant */
	unsigned renewal_count;
	int64_t held_up_ms; /* the longest that a renewal took */
	uint8_t answers[2048];
	size_t answers_size;
	uint16_t type; /* of the frame that is being sent */
	bool is_body;
	uint32_t interval_ms; /* of the welcome */
	bool is_clock_frozen, hangs_up;
	bool is_cut; /* the connection, and the clock turned back, in each interval before the second challenge */
	int64_t verifiers_ms,
		challenge_ms; /* the verifier's own clock, and when it sends the next challenge; 0: none */
} world;

/* ---- the host */

int64_t runtime_call_host(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	const struct timespec now = {.tv_sec = world.now_ms / 1000, .tv_nsec = world.now_ms % 1000 * 1000000};
	struct timespec pause;

	world.call_count++;
	if (number == SYS_clock_nanosleep) {
		memcpy(&pause, world.window, sizeof pause);
		world.now_ms += pause.tv_sec * 1000 + pause.tv_nsec / 1000000;
		return 0;
	}
	assert_int_equal(number, SYS_clock_gettime);
	memcpy(world.window, &now, sizeof now);
	return 0;
}

void runtime_window_put(size_t offset, const void *from, size_t size)
{
	memcpy(world.window + offset, from, size);
}

void runtime_window_get(size_t offset, void *to, size_t size)
{
	memcpy(to, world.window + offset, size);
}

bool runtime_has_parent(void)
{
	return world.is_child;
}

bool runtime_has_verifier(void)
{
	return true;
}

bool runtime_has_link(void)
{
	return true;
}

const uint8_t *runtime_source_key(void)
{
	static const uint8_t key[START_KEY_SIZE] = {7};

	return key;
}

const char *runtime_target(void)
{
	return "qemu:web1";
}

void runtime_fault_note(void)
{
}

/* ---- the rest of the enclave */

status leftover_tell(const struct link_primitives *primitives, const uint8_t binding[EVIDENCE_BINDING_SIZE])
{
	return STATUS_OK;
}

status unsent_keep(const struct link_primitives *primitives, const struct results *results, const struct result *result)
{
	return STATUS_OK;
}

void unsent_forget(uint64_t file)
{
}

void duty_output_take(bool in_clear)
{
}

void duty_output_flush(void)
{
}

struct span duty_output_errors(void)
{
	return (struct span){0};
}

bool duty_fingerprint_piece(struct span piece, uint8_t ret_hash[static VERIFIER_HASH_SIZE])
{
	return false;
}

static status sha256(const struct span *parts, size_t part_count, uint8_t ret_hash[static LINK_HASH_SIZE])
{
	memset(ret_hash, 0, LINK_HASH_SIZE);
	return STATUS_OK;
}

static status randomly(void *buffer, size_t size)
{
	memset(buffer, 4, size);
	return STATUS_OK;
}

static const struct link_primitives primitives = {.sha256 = sha256, .random = randomly};

/* ---- the verifier */

status verifier_connect(const uint8_t binding[EVIDENCE_BINDING_SIZE], uint32_t patience_ms)
{
	world.patience_ms = patience_ms;
	world.answers_size = 0;
	if (!world.is_gone)
		return STATUS_OK;
	world.now_ms += patience_ms;
	return STATUS_IO;
}

void verifier_disconnect(void)
{
}

status verifier_reconnect(void)
{
	return STATUS_OK;
}

static void say(enum verifier_frame_type type, const void *body, size_t size)
{
	const struct agent_frame head = {.magic = AGENT_FRAME_MAGIC, .type = (uint16_t)type, .size = (uint32_t)size};

	assert_true(world.answers_size + sizeof head + size <= sizeof world.answers);
	memcpy(world.answers + world.answers_size, &head, sizeof head);
	memcpy(world.answers + world.answers_size + sizeof head, body, size);
	world.answers_size += sizeof head + size;
}

static void answer_request(void)
{
	static const uint8_t grant[LINK_GRANT_SIZE] = {9};

	world.asked_count++;
	if (world.mood == GIVES)
		say(VERIFIER_GRANT, grant, sizeof grant);
	if (world.mood == REFUSES)
		say(VERIFIER_NO_GRANT, "no", 2);
}

static void challenge(void)
{
	const struct verifier_challenge challenge = {{3}};

	say(VERIFIER_CHALLENGE, &challenge, sizeof challenge);
}

status verifier_send(struct span bytes, uint32_t patience_ms)
{
	const struct verifier_welcome welcome = {.interval_ms = world.interval_ms};
	struct agent_frame head;

	world.patience_ms = patience_ms;
	if (!world.is_body) {
		memcpy(&head, bytes.data, sizeof head);
		world.type = head.type;
	} else if (world.type == VERIFIER_HELLO) {
		say(VERIFIER_WELCOME, &welcome, sizeof welcome);
		if (world.is_cut)
			challenge();
	} else if (world.type == VERIFIER_ASK_GRANT) {
		answer_request();
	}
	world.is_body = !world.is_body;
	return STATUS_OK;
}

static void pass(uint32_t wait_ms)
{
	world.now_ms += world.is_clock_frozen ? 0 : wait_ms;
	world.verifiers_ms += wait_ms;
	if (world.verifiers_ms > 1000000)
		fail_msg("it waits for ever");
	if (world.challenge_ms == 0 || world.verifiers_ms < world.challenge_ms)
		return;
	world.hangs_up = world.is_cut;
	world.now_ms -= world.is_cut ? 1000 : 0;
	if (!world.is_cut)
		challenge();
	world.challenge_ms += world.interval_ms;
}

status verifier_receive_within(void *buffer, size_t size, uint32_t wait_ms, size_t *ret_size)
{
	if (world.hangs_up) {
		world.hangs_up = false;
		return STATUS_GONE;
	}
	if (world.answers_size == 0) {
		pass(wait_ms);
		return STATUS_TORN;
	}
	*ret_size = size < world.answers_size ? size : world.answers_size;
	memcpy(buffer, world.answers, *ret_size);
	memmove(world.answers, world.answers + *ret_size, world.answers_size - *ret_size);
	world.answers_size -= *ret_size;
	return STATUS_OK;
}

/* ---- */

static status ask(void)
{
	static const struct verifier_grant_request request;
	uint8_t grant[LINK_GRANT_SIZE];

	return duty_ask_grant(&primitives, &request, grant);
}

static status renew(void)
{
	const int64_t start_ms = world.now_ms;
	const status result = ask();

	world.renewal_count++;
	if (world.now_ms - start_ms > world.held_up_ms)
		world.held_up_ms = world.now_ms - start_ms;
	/* As enclave/link does, once the source has it. */
	if (result == STATUS_OK)
		duty_grant_note(world.left_ms, renew);
	return result;
}

static void have_grant(uint64_t left_ms)
{
	world.left_ms = left_ms;
	duty_grant_note(left_ms, renew);
}

static void ignore(void *context, status fault, const char *message)
{
}

/* A program that was given its first grant, at a time that isn't 0. */
static int set_up(void **state)
{
	memset(&world, 0, sizeof world);
	world.now_ms = 5000000;
	world.interval_ms = 1000000;
	report_sink_set(ignore, NULL);
	duty_hold(false);
	duty_grant_note(0, NULL);
	if (ask() != STATUS_OK)
		return -1;
	world.asked_count = world.call_count = 0;
	return 0;
}

/* The program works on until then, and asks for something each millisecond. */
static void work_until(int64_t end_ms)
{
	while (world.now_ms < end_ms) {
		duty_pump();
		world.now_ms++;
	}
}

static void a_first_grant_is_waited_for_a_minute(void **state)
{
	const int64_t start_ms = world.now_ms;

	world.mood = HANGS;
	assert_int_equal(ask(), STATUS_IO);
	assert_in_range(world.now_ms - start_ms, 60000, 61000);
	assert_int_equal(world.patience_ms, 60000);
}

static void a_later_grant_is_asked_for_at_half_of_its_time(void **state)
{
	const int64_t start_ms = world.now_ms;

	have_grant(60000);
	work_until(start_ms + 29999);
	assert_int_equal(world.renewal_count, 0);
	work_until(start_ms + 30010);
	assert_int_equal(world.renewal_count, 1);
	work_until(start_ms + 59000);
	assert_int_equal(world.renewal_count, 1);
	work_until(start_ms + 60100);
	assert_int_equal(world.renewal_count, 2);
}

static void where_none_is_given_it_is_asked_for_eight_times_more(void **state)
{
	const int64_t start_ms = world.now_ms;

	world.mood = REFUSES;
	have_grant(60000);
	work_until(start_ms + 59900);
	assert_int_equal(world.renewal_count, 8);
	work_until(start_ms + 60100);
	assert_int_equal(world.renewal_count, 9);
	assert_int_equal(world.asked_count, 9);
}

static void a_sleeping_program_asks_as_well(void **state)
{
	const struct timespec duration = {.tv_sec = 31};

	have_grant(60000);
	assert_true(duty_sleep(&duration));
	assert_int_equal(world.renewal_count, 1);
}

/* What a verifier that hangs may take of a grant's time, at each attempt; a look takes a second. */
static void expect_held_up(uint64_t left_ms, uint32_t patience_ms)
{
	world.renewal_count = 0;
	world.held_up_ms = 0;
	have_grant(left_ms);
	work_until(world.now_ms + (int64_t)left_ms);
	assert_in_range(world.renewal_count, 2, 9);
	assert_in_range(world.held_up_ms, patience_ms, patience_ms + 1000);
}

static void a_verifier_that_hangs_holds_up_an_eighth_of_the_time_and_five_seconds_at_most(void **state)
{
	world.mood = HANGS;
	expect_held_up(600000, 5000);
	assert_int_equal(world.patience_ms, 5000);
	expect_held_up(24000, 3000);
	assert_int_equal(world.patience_ms, 3000);
	expect_held_up(6000, 1000);
	assert_int_equal(world.patience_ms, 1000);
}

static void a_child_that_must_connect_first_waits_no_longer(void **state)
{
	world.is_child = true;
	/* Its connection ends with each grant. */
	assert_int_equal(ask(), STATUS_OK);
	world.is_gone = true;
	expect_held_up(24000, 3000);
	assert_int_equal(world.patience_ms, 3000);
	world.is_gone = false;
	world.mood = HANGS;
	expect_held_up(24000, 3000);
}

static void what_else_is_sent_waits_as_long_as_ever(void **state)
{
	world.mood = HANGS;
	expect_held_up(24000, 3000);
	assert_int_equal(duty_tell(VERIFIER_RESULT_FINDING, "scan", (struct span){(const uint8_t *)"{}", 2}),
			 STATUS_OK);
	assert_int_equal(world.type, VERIFIER_RESULT);
	assert_int_equal(world.patience_ms, 60000);
}

static void nothing_waits_for_the_verifier_while_the_target_stands_still(void **state)
{
	const int64_t start_ms = world.now_ms;

	have_grant(4000);
	work_until(start_ms + 1900);
	duty_hold(true);
	work_until(start_ms + 4000);
	assert_int_equal(world.renewal_count, 0);
	duty_hold(false);
	work_until(start_ms + 4010);
	assert_int_equal(world.renewal_count, 1);
}

static void a_target_stands_still_for_no_longer_than_agents_let_it(void **state)
{
	const int64_t start_ms = world.now_ms;

	have_grant(1000);
	duty_hold(true);
	work_until(start_ms + 2490);
	assert_int_equal(world.renewal_count, 0);
	work_until(start_ms + 2510);
	assert_int_equal(world.renewal_count, 1);
	/* A host that turns its clock back holds nobody, and keeps nobody from renewing. */
	duty_hold(true);
	have_grant(60000);
	world.now_ms -= 3600000;
	work_until(world.now_ms + 10);
	assert_int_equal(world.renewal_count, 2);
}

/* Each call is an exit. */
static void who_has_nobody_to_speak_to_asks_the_host_nothing(void **state)
{
	const struct timespec duration = {.tv_sec = 1};

	world.is_child = true;
	assert_false(duty_sleep(&duration));
	assert_int_equal(world.call_count, 0);
	world.is_child = false;
	assert_true(duty_sleep(&duration));
	assert_true(world.call_count > 0);
}

/* A verifier with that interval, which has sent its first challenge. */
static void meet_verifier(uint32_t interval_ms)
{
	world.interval_ms = interval_ms;
	world.hangs_up = true;
	duty_pump();
	world.now_ms += 1000;
	duty_pump();
	challenge();
	duty_pump();
	assert_int_equal(world.type, VERIFIER_HEARTBEAT);
	world.verifiers_ms = 0;
	world.challenge_ms = interval_ms;
}

static void a_host_whose_clock_stands_still_lets_nobody_sleep_for_ever(void **state)
{
	const struct timespec duration = {.tv_sec = 10};

	duty_look_note(1);
	meet_verifier(2000);
	world.is_clock_frozen = true;
	for (int i = 0; i < 3; i++) {
		world.verifiers_ms = 0;
		world.challenge_ms = 500;
		assert_true(duty_sleep(&duration));
		/* An interval more than was wanted, at most, and what is between two challenges. */
		assert_in_range(world.verifiers_ms, 10000, 14000);
	}
}

static void a_host_that_hangs_up_in_each_interval_lets_nobody_sleep_for_ever_either(void **state)
{
	const struct timespec duration = {.tv_sec = 10};

	duty_look_note(1);
	meet_verifier(2000);
	world.is_clock_frozen = world.is_cut = true;
	world.verifiers_ms = 0;
	world.challenge_ms = 1900;
	assert_true(duty_sleep(&duration));
	assert_in_range(world.verifiers_ms, 10000, 14000);
}

static void challenges_that_waited_or_come_in_time_dont_shorten_a_sleep(void **state)
{
	const struct timespec duration = {.tv_sec = 10};

	duty_look_note(1);
	meet_verifier(2000);
	for (int64_t first_ms = 1; first_ms <= 2001; first_ms += 500) {
		for (int i = 0; i < 30; i++)
			challenge();
		world.verifiers_ms = 0;
		world.challenge_ms = first_ms;
		const int64_t start_ms = world.now_ms;
		assert_true(duty_sleep(&duration));
		assert_in_range(world.now_ms - start_ms, 10000, 10999);
	}
	/* Nor do connections before it, whose first one comes at once. */
	for (int i = 0; i < 20; i++)
		meet_verifier(2000);
	world.challenge_ms = 0;
	const int64_t start_ms = world.now_ms;
	assert_true(duty_sleep(&duration));
	assert_in_range(world.now_ms - start_ms, 10000, 10999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_first_grant_is_waited_for_a_minute, set_up),
		cmocka_unit_test_setup(a_later_grant_is_asked_for_at_half_of_its_time, set_up),
		cmocka_unit_test_setup(where_none_is_given_it_is_asked_for_eight_times_more, set_up),
		cmocka_unit_test_setup(a_sleeping_program_asks_as_well, set_up),
		cmocka_unit_test_setup(a_verifier_that_hangs_holds_up_an_eighth_of_the_time_and_five_seconds_at_most,
				       set_up),
		cmocka_unit_test_setup(what_else_is_sent_waits_as_long_as_ever, set_up),
		cmocka_unit_test_setup(nothing_waits_for_the_verifier_while_the_target_stands_still, set_up),
		cmocka_unit_test_setup(a_target_stands_still_for_no_longer_than_agents_let_it, set_up),
		cmocka_unit_test_setup(who_has_nobody_to_speak_to_asks_the_host_nothing, set_up),
		cmocka_unit_test_setup(a_host_whose_clock_stands_still_lets_nobody_sleep_for_ever, set_up),
		cmocka_unit_test_setup(a_host_that_hangs_up_in_each_interval_lets_nobody_sleep_for_ever_either, set_up),
		cmocka_unit_test_setup(challenges_that_waited_or_come_in_time_dont_shorten_a_sleep, set_up),
		cmocka_unit_test_setup(a_child_that_must_connect_first_waits_no_longer, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
