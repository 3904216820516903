/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run of a plan says of memory that it read twice. */
#include "guest/memory/plan-run.h"

#include "guest/memory/walked.h"

/* Sent before, and sent again as part of a moment; a number behind a pointer. */
static void setup_moment(struct walked *walked)
{
	setup(walked);
	put(walked, 0, at(0x3000));
	put(walked, 0x3000, 4711);
	add_start(walked, at(0));
	add(walked, 1, PLAN_TAKE);
	add(walked, 1, PLAN_MOMENT);
	add(walked, 2, PLAN_FOLLOW);
	add(walked, 3, PLAN_TAKE);
	add(walked, 1, PLAN_TAKE)->offset = 0x5000;
}

static void what_memory_held_all_at_once_is_said_with_what_was_sent_before(void **state)
{
	(void)state;
	struct walked walked;

	setup_moment(&walked);
	run(&walked);
	assert_true(walked.cursor.is_done);
	assert_int_equal(walked.moment_count, 1);
	/* The number's page has a table entry of its own line's, which came with the pointer's. */
	assert_int_equal(times_sent(&walked, 0), 2);
	assert_int_equal(times_sent(&walked, 0x3000), 1);
	assert_int_equal(times_sent(&walked, 0x5000), 1);
	assert_in_range(walked.moment_line_count, 2, 6);
	teardown(&walked);
}

static void change_a_word(struct fake_guest *guest)
{
	*(uint8_t *)fake_guest_at(guest, DATA + 8) ^= 0xff;
}

static void nothing_is_said_of_what_changed_before_the_end(void **state)
{
	(void)state;
	struct walked walked;
	uint8_t answer[ANSWER_SIZE];

	setup_moment(&walked);
	/* Another word of the line that the pointer is in. */
	put(&walked, 8, 1);
	walked.guest.between = change_a_word;
	assert_int_equal(fake_guest_run_plan(&walked.guest, &walked.plan, &walked.cursor, answer, sizeof answer,
					     &walked.answer_size),
			 STATUS_OK);
	assert_true(walked.cursor.is_done);
	walked.guest.between = NULL;
	/* As the same plan answers without anything that changes, less what is said of the moment. */
	size_t size = walked.answer_size;
	walked.cursor = (struct plan_cursor){0};
	run(&walked);
	assert_int_equal(walked.moment_count, 1);
	assert_int_equal(size, walked.answer_size - PLAN_PACK_MOMENT_SIZE);
	teardown(&walked);
}

static void a_moment_of_too_many_lines_is_none(void **state)
{
	(void)state;
	struct walked walked;

	for (uint32_t count = PLAN_MOMENT_LINES - 8; count <= PLAN_MOMENT_LINES + 1; count += 9) {
		setup(&walked);
		add_start(&walked, at(0));
		add(&walked, 1, PLAN_MOMENT);
		add(&walked, 2, PLAN_TAKE)->size = count * PLAN_LINE_SIZE;
		run(&walked);
		assert_true(walked.line_count >= count);
		assert_int_equal(walked.moment_count, count < PLAN_MOMENT_LINES ? 1 : 0);
		teardown(&walked);
	}
}

static void where_nothing_changes_meanwhile_nothing_is_sent_or_said_twice(void **state)
{
	(void)state;
	struct walked walked;

	setup_moment(&walked);
	walked.guest.is_still = true;
	walked.guest.between = change_a_word; /* nothing is read again, either */
	run(&walked);
	assert_true(walked.cursor.is_done);
	assert_int_equal(walked.moment_count, 0);
	assert_int_equal(times_sent(&walked, 0), 1);
	assert_int_equal(times_sent(&walked, 0x3000), 1);
	assert_int_equal(times_sent(&walked, 0x5000), 1);
	teardown(&walked);
}

static void moments_of_a_loop_are_one_for_each_element_also_in_small_pieces(void **state)
{
	(void)state;
	struct walked walked;

	setup(&walked);
	make_list(&walked, 8, 0x2000, 100);
	add_start(&walked, at(0));
	add(&walked, 1, PLAN_LIST)->offset = 8;
	add(&walked, 2, PLAN_MOMENT);
	add(&walked, 3, PLAN_TAKE)->offset = 128;
	run(&walked);
	assert_true(walked.cursor.is_done);
	size_t count = walked.moment_count;
	assert_true(count >= 100);
	walked.cursor = (struct plan_cursor){0};
	walked.moment_count = walked.line_count = 0;
	walked.plan.line_count_max = 50;
	for (int i = 0; i < 100 && !walked.cursor.is_done; i++)
		run(&walked);
	assert_true(walked.cursor.is_done);
	assert_true(walked.moment_count >= count);
	teardown(&walked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_memory_held_all_at_once_is_said_with_what_was_sent_before),
		cmocka_unit_test(nothing_is_said_of_what_changed_before_the_end),
		cmocka_unit_test(a_moment_of_too_many_lines_is_none),
		cmocka_unit_test(where_nothing_changes_meanwhile_nothing_is_sent_or_said_twice),
		cmocka_unit_test(moments_of_a_loop_are_one_for_each_element_also_in_small_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
