/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/prelude.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum {
	BOOT = 7,
	FIRST = 100,
	TCP,
	UDP,
	OTHER,
};

/* A plan of so many steps, each of which tells whose it is. */
static const struct plan *plan_of(uint32_t step_count, uint64_t value)
{
	static struct plan plan;

	plan = (struct plan){.step_count = step_count, .line_count_max = 1000, .node_count_max = 10};
	for (uint32_t i = 0; i < step_count; i++)
		plan.step[i] = (struct plan_step){.type = PLAN_TAKE, .size = 8, .value = value};
	return &plan;
}

static void begin(struct prelude *prelude)
{
	prelude_start(prelude, BOOT, FIRST, plan_of(10, FIRST), 100);
	prelude_add(prelude, TCP, plan_of(20, TCP), 300);
	prelude_add(prelude, UDP, plan_of(15, UDP), 200);
}

static void ask(struct prelude *prelude, uint64_t key)
{
	prelude_ask(prelude, key, true);
}

static uint32_t take(struct prelude *prelude, struct plan *ret_plan)
{
	/* The look at the kernel. */
	*ret_plan = *plan_of(5, 0);
	return prelude_take(prelude, ret_plan);
}

static void what_a_program_read_comes_with_the_next_look(void **state)
{
	struct prelude prelude;
	struct plan plan;

	(void)state;
	begin(&prelude);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(take(&prelude, &plan), 3);
		assert_int_equal(plan.step_count, 5 + 10 + 20 + 15);
		assert_int_equal(plan.step[5].value, FIRST);
		assert_int_equal(plan.step[15].value, TCP);
		assert_int_equal(plan.step[49].value, UDP);
		assert_int_equal(plan.line_count_max, 1000);
		ask(&prelude, UDP);
		ask(&prelude, TCP);
	}
}

static void what_it_no_longer_reads_goes_and_the_first_stays(void **state)
{
	struct prelude prelude;
	struct plan plan;

	(void)state;
	begin(&prelude);
	(void)take(&prelude, &plan);
	ask(&prelude, UDP);
	assert_int_equal(take(&prelude, &plan), 2);
	assert_int_equal(plan.step_count, 5 + 10 + 15);
	assert_int_equal(plan.step[15].value, UDP);
	ask(&prelude, OTHER);
	assert_int_equal(take(&prelude, &plan), 1);
	assert_int_equal(plan.step_count, 5 + 10);
}

static void an_epoch_in_which_nothing_was_read_changes_nothing(void **state)
{
	struct prelude prelude;
	struct plan plan;

	(void)state;
	begin(&prelude);
	for (int i = 0; i < 3; i++)
		assert_int_equal(take(&prelude, &plan), 3);
}

static void what_has_no_room_for_its_steps_or_lines_is_left_out(void **state)
{
	struct prelude prelude;
	struct plan plan;

	(void)state;
	begin(&prelude);
	prelude_add(&prelude, OTHER, plan_of(PRELUDE_STEP_COUNT_MAX - 44, OTHER), 10);
	assert_int_equal(prelude.part_count, 3);
	prelude_add(&prelude, OTHER, plan_of(PRELUDE_STEP_COUNT_MAX - 45, OTHER), 10);
	assert_int_equal(take(&prelude, &plan), 4);
	begin(&prelude);
	prelude_add(&prelude, OTHER, plan_of(1, OTHER), PRELUDE_LINE_COUNT_MAX - 599);
	prelude_add(&prelude, OTHER, plan_of(1, OTHER), UINT32_MAX);
	/* It was refused, as a plan that needs a right is: it would take the others with it. */
	prelude_add(&prelude, OTHER, plan_of(1, OTHER), 0);
	assert_int_equal(prelude.part_count, 3);
	prelude_add(&prelude, OTHER, plan_of(1, OTHER), PRELUDE_LINE_COUNT_MAX - 600);
	assert_int_equal(prelude.part_count, 4);
}

static void beside_a_larger_walk_only_what_is_kept_in_the_ring_comes(void **state)
{
	struct prelude prelude;
	struct plan plan;

	(void)state;
	begin(&prelude);
	prelude_pass(&prelude);
	assert_int_equal(take(&prelude, &plan), 3);
	ask(&prelude, TCP);
	ask(&prelude, UDP);
	prelude_add(&prelude, OTHER, plan_of(1, OTHER), PRELUDE_KEPT_COUNT_MAX);
	assert_int_equal(take(&prelude, &plan), 4);
	ask(&prelude, TCP);
	ask(&prelude, OTHER);
	prelude_pass(&prelude);
	assert_int_equal(take(&prelude, &plan), 1);
}

static void what_has_grown_is_asked_for_by_itself_again(void **state)
{
	struct prelude prelude;
	struct plan plan;

	(void)state;
	begin(&prelude);
	(void)take(&prelude, &plan);
	prelude_ask(&prelude, TCP, false);
	ask(&prelude, UDP);
	assert_int_equal(take(&prelude, &plan), 1);
	/* For a while: or every other epoch would begin with what is too much. */
	for (int i = 0; i < PRELUDE_PAUSE_COUNT; i++) {
		ask(&prelude, TCP);
		prelude_add(&prelude, TCP, plan_of(20, TCP), 300);
		assert_int_equal(take(&prelude, &plan), 1);
	}
	prelude_add(&prelude, TCP, plan_of(20, TCP), 300);
	assert_int_equal(take(&prelude, &plan), 2);
	/* A plan that was run since may be under way: that says nothing of the prelude. */
	begin(&prelude);
	(void)take(&prelude, &plan);
	prelude_ask(&prelude, TCP, true);
	prelude_ask(&prelude, UDP, false);
	assert_int_equal(take(&prelude, &plan), 3);
}

static void trees_keep_their_layout(void **state)
{
	struct plan first = *plan_of(1, 0), second = *plan_of(1, 0), plan;
	struct prelude prelude;

	(void)state;
	first.layout = (struct plan_layout){.xa_slots = 40, .xa_slot_count = 64};
	second.layout = (struct plan_layout){.rb_left = 16, .rb_right = 8, .maple_range_slot = 128};
	second.page_offset = 5;
	prelude_start(&prelude, BOOT, FIRST, &first, 1);
	assert_true(prelude_begins_with(&prelude, BOOT, FIRST));
	assert_false(prelude_begins_with(&prelude, BOOT + 1, FIRST));
	prelude_add(&prelude, OTHER, &second, 1);
	assert_int_equal(take(&prelude, &plan), 2);
	assert_int_equal(plan.layout.xa_slots, 40);
	assert_int_equal(plan.layout.xa_slot_count, 64);
	assert_int_equal(plan.layout.rb_left, 16);
	assert_int_equal(plan.layout.maple_range_slot, 128);
	assert_int_equal(plan.page_offset, 5);
}

static void an_empty_one_brings_nothing(void **state)
{
	struct prelude prelude = {0};
	struct plan plan;

	(void)state;
	prelude_add(&prelude, TCP, plan_of(1, TCP), 1);
	ask(&prelude, TCP);
	assert_int_equal(take(&prelude, &plan), 0);
	assert_int_equal(plan.step_count, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_program_read_comes_with_the_next_look),
		cmocka_unit_test(what_it_no_longer_reads_goes_and_the_first_stays),
		cmocka_unit_test(an_epoch_in_which_nothing_was_read_changes_nothing),
		cmocka_unit_test(what_has_no_room_for_its_steps_or_lines_is_left_out),
		cmocka_unit_test(beside_a_larger_walk_only_what_is_kept_in_the_ring_comes),
		cmocka_unit_test(what_has_grown_is_asked_for_by_itself_again),
		cmocka_unit_test(trees_keep_their_layout),
		cmocka_unit_test(an_empty_one_brings_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
