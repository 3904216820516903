/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "verifier/vigil/vigil.h"

#define SECOND UINT64_C(1000000000)
/* Where a machine's clock may well stand. */
#define START (UINT64_C(86400) * SECOND)

static struct vigil *vigil;
static char told[256];
static int told_count;

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

static uint64_t looked_at; /* the last time */

static int setup(void **state)
{
	(void)state;
	report_sink_set(drop, NULL);
	told[0] = '\0';
	told_count = 0;
	looked_at = START;
	return vigil_create(START, &vigil) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	vigil_destroy(vigil);
	return 0;
}

static status tell(void *context, const struct vigil_target *target)
{
	(void)context;
	told_count++;
	snprintf(told, sizeof told, "%s %s", target->name, vigil_state_name(target->state));
	return STATUS_OK;
}

/* Look four times a second from one time to another. */
static void look(uint64_t from, uint64_t to)
{
	for (uint64_t now = from; now <= to; now += SECOND / 4)
		assert_int_equal(vigil_look(vigil, looked_at = START + now, tell, NULL), STATUS_OK);
}

static enum vigil_state hear(const char *name)
{
	enum vigil_state before;

	assert_int_equal(vigil_hear(vigil, name, looked_at, &before), STATUS_OK);
	return before;
}

static void a_target_is_unknown_until_it_is_heard(void **state)
{
	(void)state;
	assert_int_equal(vigil_expect(vigil, "web-1", 5000), STATUS_OK);
	assert_int_equal(hear("web-1"), VIGIL_UNKNOWN);
	assert_int_equal(hear("web-1"), VIGIL_HEALTHY);
}

static void who_is_silent_for_two_intervals_is_missing_within_a_second_more(void **state)
{
	(void)state;
	assert_int_equal(vigil_expect(vigil, "web-1", 5000), STATUS_OK);
	look(0, 3 * SECOND);
	hear("web-1");
	look(3 * SECOND, 13 * SECOND);
	assert_int_equal(told_count, 0);
	look(13 * SECOND, 14 * SECOND);
	assert_int_equal(told_count, 1);
	assert_string_equal(told, "web-1 missing");
	look(14 * SECOND, 100 * SECOND);
	assert_int_equal(told_count, 1);
	assert_int_equal(hear("web-1"), VIGIL_MISSING);
	look(100 * SECOND, 112 * SECOND);
	assert_int_equal(told_count, 2);
}

static void who_is_never_heard_after_a_start_is_missing_too(void **state)
{
	(void)state;
	assert_int_equal(vigil_expect(vigil, "web-1", 5000), STATUS_OK);
	look(0, 11 * SECOND);
	assert_int_equal(told_count, 1);
}

static void who_is_heard_in_time_is_never_missing(void **state)
{
	(void)state;
	assert_int_equal(vigil_expect(vigil, "web-1", 5000), STATUS_OK);
	for (uint64_t now = 0; now < 600 * SECOND; now += 5 * SECOND) {
		look(now, now + 5 * SECOND);
		hear("web-1");
	}
	assert_int_equal(told_count, 0);
}

/* Heard each five seconds, from one time to another: first with a look, or not. */
static void hear_looks(uint64_t from, uint64_t to, bool looks, bool is_idle)
{
	bool was_idle;

	for (uint64_t now = from; now < to; now += 5 * SECOND) {
		look(now, now + 5 * SECOND);
		hear("web-1");
		assert_int_equal(vigil_looked(vigil, "web-1", looks && now == from, &was_idle), STATUS_OK);
		assert_int_equal(was_idle, is_idle && now == from);
	}
}

static enum vigil_state state_of_one(void)
{
	struct vigil_target target;

	assert_int_equal(vigil_find(vigil, "web-1", &target), STATUS_OK);
	return target.state;
}

static void who_is_heard_and_looks_no_more_is_idle_until_it_looks_again(void **state)
{
	(void)state;
	assert_int_equal(vigil_expect(vigil, "web-1", 5000), STATUS_OK);
	assert_int_equal(vigil_looks_expect(vigil, "web-1", 60000), STATUS_OK);
	hear_looks(0, 5 * SECOND, true, false);
	hear_looks(5 * SECOND, 60 * SECOND, false, false);
	assert_int_equal(told_count, 0);
	hear_looks(60 * SECOND, 100 * SECOND, false, false);
	assert_int_equal(told_count, 1);
	assert_string_equal(told, "web-1 idle");
	assert_int_equal(state_of_one(), VIGIL_IDLE);
	hear_looks(100 * SECOND, 120 * SECOND, false, false);
	assert_int_equal(state_of_one(), VIGIL_IDLE);
	hear_looks(120 * SECOND, 130 * SECOND, true, true);
	assert_int_equal(state_of_one(), VIGIL_HEALTHY);
	assert_int_equal(told_count, 1);
}

static void who_looks_in_time_or_neednt_or_comes_again_is_never_idle(void **state)
{
	(void)state;
	assert_int_equal(vigil_expect(vigil, "web-1", 5000), STATUS_OK);
	assert_int_equal(vigil_looks_expect(vigil, "web-1", 60000), STATUS_OK);
	assert_int_equal(vigil_looks_expect(vigil, "web-2", 60000), STATUS_MISSING);
	for (uint64_t i = 0; i < 10; i++)
		hear_looks(50 * i * SECOND, 50 * (i + 1) * SECOND, true, false);
	assert_int_equal(told_count, 0);
	/* Missing for an hour: what comes then has a minute for its first look. */
	look(500 * SECOND, 4000 * SECOND);
	assert_int_equal(told_count, 1);
	hear_looks(4000 * SECOND, 4050 * SECOND, false, false);
	assert_int_equal(told_count, 1);
	/* By a shorter time, which begins now; and by none. */
	assert_int_equal(vigil_looks_expect(vigil, "web-1", 30000), STATUS_OK);
	hear_looks(4050 * SECOND, 4080 * SECOND, false, false);
	assert_int_equal(told_count, 1);
	assert_int_equal(vigil_looks_expect(vigil, "web-1", 0), STATUS_OK);
	hear_looks(4080 * SECOND, 9000 * SECOND, false, false);
	assert_int_equal(told_count, 1);
	assert_int_equal(state_of_one(), VIGIL_HEALTHY);
}

static void an_idle_one_that_could_not_be_told_is_told_by_the_next_look(void **state)
{
	(void)state;
	assert_int_equal(vigil_expect(vigil, "web-1", 5000), STATUS_OK);
	assert_int_equal(vigil_looks_expect(vigil, "web-1", 10000), STATUS_OK);
	hear_looks(0, 10 * SECOND, false, false);
	look(10 * SECOND, 15 * SECOND + SECOND / 4);
	assert_int_equal(told_count, 1);
	vigil_look_undo(vigil);
	assert_int_equal(state_of_one(), VIGIL_IDLE);
	look(15 * SECOND + SECOND / 2, 16 * SECOND);
	assert_int_equal(told_count, 2);
	/* Another look that couldn't be kept isn't that one. */
	vigil_look_undo(vigil);
	look(16 * SECOND + SECOND / 4, 17 * SECOND);
	assert_int_equal(told_count, 2);
}

static void an_hour_that_nobody_watched_makes_nobody_missing(void **state)
{
	(void)state;
	assert_int_equal(vigil_expect(vigil, "web-1", 5000), STATUS_OK);
	hear("web-1");
	look(0, 2 * SECOND);
	look(3602 * SECOND, 3605 * SECOND);
	assert_int_equal(told_count, 0);
	/* But then it counts. */
	look(3605 * SECOND, 3612 * SECOND);
	assert_int_equal(told_count, 1);
}

static void a_clock_that_goes_back_stands_still(void **state)
{
	(void)state;
	assert_int_equal(vigil_expect(vigil, "web-1", 5000), STATUS_OK);
	hear("web-1");
	assert_int_equal(vigil_look(vigil, START + 2 * SECOND, tell, NULL), STATUS_OK);
	assert_int_equal(vigil_look(vigil, START - 3600 * SECOND, tell, NULL), STATUS_OK);
	assert_int_equal(vigil_look(vigil, 0, tell, NULL), STATUS_OK);
	assert_int_equal(told_count, 0);
}

static status refuse(void *context, const struct vigil_target *target)
{
	(void)context, (void)target;
	return STATUS_IO;
}

static void a_shorter_interval_makes_nobody_missing_who_was_in_time(void **state)
{
	(void)state;
	assert_int_equal(vigil_expect(vigil, "web-1", 60000), STATUS_OK);
	assert_int_equal(vigil_expect(vigil, "web-2", 10000), STATUS_OK);
	look(0, 50 * SECOND);
	assert_string_equal(told, "web-2 missing");
	assert_int_equal(vigil_expect(vigil, "web-1", 5000), STATUS_OK);
	assert_int_equal(vigil_expect(vigil, "web-2", 5000), STATUS_OK);
	look(50 * SECOND, 60 * SECOND);
	assert_int_equal(told_count, 1);
	/* But then it counts; and who was missing is so still. */
	look(60 * SECOND, 61 * SECOND);
	assert_string_equal(told, "web-1 missing");
	assert_int_equal(told_count, 2);
	assert_int_equal(hear("web-2"), VIGIL_MISSING);
	/* A longer one, or the same again, gives nobody more time than it says. */
	look(61 * SECOND, 68 * SECOND);
	assert_int_equal(vigil_expect(vigil, "web-2", 5000), STATUS_OK);
	assert_int_equal(vigil_expect(vigil, "web-2", 6000), STATUS_OK);
	look(68 * SECOND, 72 * SECOND);
	assert_int_equal(told_count, 2);
	look(72 * SECOND, 74 * SECOND);
	assert_int_equal(told_count, 3);
}

static void an_interval_below_a_second_leaves_time_to_come_again(void **state)
{
	(void)state;
	assert_int_equal(vigil_expect(vigil, "web-1", 5000), STATUS_OK);
	hear("web-1");
	look(0, 4 * SECOND);
	assert_int_equal(vigil_expect(vigil, "web-1", 100), STATUS_OK);
	look(4 * SECOND, 6 * SECOND);
	assert_int_equal(told_count, 0);
	look(6 * SECOND, 6 * SECOND + SECOND / 4);
	assert_int_equal(told_count, 1);
	/* Once it was heard, two intervals are enough. */
	hear("web-1");
	look(6 * SECOND + SECOND / 2, 6 * SECOND + SECOND / 2);
	assert_int_equal(told_count, 2);
}

static void where_all_come_at_once_who_was_not_heard_yet_has_time_for_his_turn(void **state)
{
	(void)state;
	assert_int_equal(vigil_expect(vigil, "web-1", 5000), STATUS_OK);
	assert_int_equal(vigil_expect(vigil, "web-2", 5000), STATUS_OK);
	vigil_crowd_expect(vigil, 25 * SECOND);
	look(0, 2 * SECOND);
	hear("web-1");
	/* Who was heard since the start has no more time than ever. */
	look(2 * SECOND, 13 * SECOND);
	assert_int_equal(told_count, 1);
	assert_string_equal(told, "web-1 missing");
	look(13 * SECOND, 24 * SECOND);
	assert_int_equal(told_count, 1);
	look(24 * SECOND, 25 * SECOND);
	assert_int_equal(told_count, 2);
	assert_string_equal(told, "web-2 missing");
}

static void a_crowd_that_is_over_sooner_gives_no_more_time(void **state)
{
	(void)state;
	assert_int_equal(vigil_expect(vigil, "web-1", 5000), STATUS_OK);
	vigil_crowd_expect(vigil, 25 * SECOND);
	look(0, 3 * SECOND);
	vigil_crowd_expect(vigil, 0);
	look(3 * SECOND, 10 * SECOND);
	assert_int_equal(told_count, 0);
	look(10 * SECOND, 11 * SECOND);
	assert_int_equal(told_count, 1);
}

static void who_was_silent_for_too_long_already_is_told_by_a_shorter_interval_too(void **state)
{
	(void)state;
	assert_int_equal(vigil_expect(vigil, "web-1", 5000), STATUS_OK);
	for (uint64_t now = 0; now <= 11 * SECOND; now += SECOND / 4)
		assert_true(vigil_look(vigil, START + now, refuse, NULL) == STATUS_OK || now > 10 * SECOND);
	assert_int_equal(vigil_expect(vigil, "web-1", 4000), STATUS_OK);
	look(11 * SECOND, 11 * SECOND);
	assert_string_equal(told, "web-1 missing");
}

static void an_alarm_that_could_not_be_kept_is_told_again(void **state)
{
	(void)state;
	assert_int_equal(vigil_expect(vigil, "web-1", 100), STATUS_OK);
	assert_int_equal(vigil_look(vigil, START + SECOND, refuse, NULL), STATUS_IO);
	assert_int_equal(vigil_look(vigil, START + SECOND, tell, NULL), STATUS_OK);
	assert_int_equal(told_count, 1);
}

/* The daemon looks five times a second: less often than such a one is heard. */
static void who_is_heard_between_two_looks_was_heard_then(void **state)
{
	enum vigil_state before;

	(void)state;
	assert_int_equal(vigil_expect(vigil, "web-1", 100), STATUS_OK);
	for (uint64_t now = 0; now <= 10 * SECOND; now += SECOND / 20) {
		if (now % (SECOND / 10) == 0)
			assert_int_equal(vigil_hear(vigil, "web-1", START + now, &before), STATUS_OK);
		if (now % (SECOND / 4) == 0)
			assert_int_equal(vigil_look(vigil, START + now, tell, NULL), STATUS_OK);
	}
	assert_int_equal(told_count, 0);
}

static void a_look_that_could_not_be_kept_is_told_again(void **state)
{
	struct vigil_target target;

	(void)state;
	assert_int_equal(vigil_expect(vigil, "web-1", 1000), STATUS_OK);
	assert_int_equal(vigil_expect(vigil, "web-2", 1000), STATUS_OK);
	hear("web-2");
	look(0, 2 * SECOND);
	look(2 * SECOND + SECOND / 4, 2 * SECOND + SECOND / 4);
	assert_int_equal(told_count, 2);
	vigil_look_undo(vigil);
	/* Who asks hears the truth meanwhile. */
	assert_int_equal(vigil_find(vigil, "web-1", &target), STATUS_OK);
	assert_int_equal(target.state, VIGIL_MISSING);
	assert_int_equal(vigil_find(vigil, "web-2", &target), STATUS_OK);
	assert_int_equal(target.state, VIGIL_MISSING);
	look(3 * SECOND, 3 * SECOND);
	assert_int_equal(told_count, 4);
	/* What an earlier look told stays told. */
	look(4 * SECOND, 4 * SECOND);
	vigil_look_undo(vigil);
	look(5 * SECOND, 5 * SECOND);
	assert_int_equal(told_count, 4);
	assert_int_equal(vigil_find(vigil, "web-3", &target), STATUS_MISSING);
}

static void only_who_is_expected_can_be_heard_or_missing(void **state)
{
	enum vigil_state before = VIGIL_HEALTHY;

	(void)state;
	assert_int_equal(vigil_hear(vigil, "web-1", START, &before), STATUS_MISSING);
	assert_int_equal(vigil_dismiss(vigil, "web-1"), STATUS_MISSING);
	assert_int_equal(vigil_expect(vigil, "web-1", 100), STATUS_OK);
	assert_int_equal(vigil_dismiss(vigil, "web-1"), STATUS_OK);
	look(0, 10 * SECOND);
	assert_int_equal(told_count, 0);
	assert_int_equal(vigil_expect(vigil, "", 100), STATUS_USAGE);
	assert_int_equal(vigil_expect(vigil, "web-1", 0), STATUS_USAGE);
}

static status check_order(void *context, const struct vigil_target *target)
{
	char *last = context;

	assert_true(strcmp(last, target->name) < 0);
	snprintf(last, VIGIL_NAME_SIZE, "%s", target->name);
	told_count++;
	return STATUS_OK;
}

static void ten_thousand_targets_keep_their_names_apart(void **state)
{
	char name[VIGIL_NAME_SIZE], last[VIGIL_NAME_SIZE] = "";

	(void)state;
	/* 7919 is prime: each number once, in no order. */
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof name, "vm-%05d", i * 7919 % 10000);
		assert_int_equal(vigil_expect(vigil, name, 5000), STATUS_OK);
	}
	look(0, 9 * SECOND);
	for (int i = 0; i < 10000; i += 2) {
		snprintf(name, sizeof name, "vm-%05d", i);
		hear(name);
	}
	look(9 * SECOND, 12 * SECOND);
	assert_int_equal(told_count, 5000);
	told_count = 0;
	assert_int_equal(vigil_visit_all(vigil, check_order, last), STATUS_OK);
	assert_int_equal(told_count, 10000);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_target_is_unknown_until_it_is_heard),
		TEST(who_is_silent_for_two_intervals_is_missing_within_a_second_more),
		TEST(who_is_never_heard_after_a_start_is_missing_too),
		TEST(who_is_heard_in_time_is_never_missing),
		TEST(who_is_heard_and_looks_no_more_is_idle_until_it_looks_again),
		TEST(who_looks_in_time_or_neednt_or_comes_again_is_never_idle),
		TEST(an_idle_one_that_could_not_be_told_is_told_by_the_next_look),
		TEST(an_hour_that_nobody_watched_makes_nobody_missing),
		TEST(a_clock_that_goes_back_stands_still),
		TEST(a_shorter_interval_makes_nobody_missing_who_was_in_time),
		TEST(an_interval_below_a_second_leaves_time_to_come_again),
		TEST(where_all_come_at_once_who_was_not_heard_yet_has_time_for_his_turn),
		TEST(a_crowd_that_is_over_sooner_gives_no_more_time),
		TEST(who_was_silent_for_too_long_already_is_told_by_a_shorter_interval_too),
		TEST(an_alarm_that_could_not_be_kept_is_told_again),
		TEST(who_is_heard_between_two_looks_was_heard_then),
		TEST(a_look_that_could_not_be_kept_is_told_again),
		TEST(only_who_is_expected_can_be_heard_or_missing),
		TEST(ten_thousand_targets_keep_their_names_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
