/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plan, a cursor and an answer may be; what running one does: plan-run-test.c. */
#include "guest/memory/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/test.h"

#define DIRECT 0xffff888000000000ULL

static void drop_message(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

/* 64 bytes of each object of a list. */
static void plan_of_list(struct plan *plan)
{
	*plan = (struct plan){
		.space = {{0x1000}, 4, GUEST_PHYSICAL_BITS_MAX},
		.page_offset = DIRECT,
		.line_count_max = 1 << 20,
		.node_count_max = 1 << 20,
		.layout = {.xa_slots = 40,
			   .xa_slot_count = 64,
			   .rb_right = 8,
			   .rb_left = 16,
			   .maple_pivot = 8,
			   .maple_range_slot = 128,
			   .maple_range_slot_count = 16,
			   .maple_arange_slot = 80,
			   .maple_arange_slot_count = 10},
		.step_count = 3,
		.step = {{.type = PLAN_START_AT, .value = DIRECT + 0x100000, .mask = ~0ULL},
			 {.type = PLAN_LIST,
			  .depth = 1,
			  .count = 1 << 20,
			  .offset = 8,
			  .node_offset = -64,
			  .mask = ~0ULL},
			 {.type = PLAN_TAKE, .depth = 2, .size = 8, .offset = 128, .mask = ~0ULL}},
	};
}

static int setup(void **state)
{
	(void)state;
	report_sink_set(drop_message, NULL);
	return 0;
}

static void a_plan_that_breaks_the_rules_is_refused(void **state)
{
	(void)state;
	struct plan plan;

	plan_of_list(&plan);
	assert_int_equal(plan_validate(&plan), STATUS_OK);
	const struct plan good = plan;
	struct plan bad[15];

	for (size_t i = 0; i < 15; i++)
		bad[i] = good;
	bad[0].step_count = 0;
	bad[1].step_count = PLAN_STEP_COUNT_MAX + 1;
	bad[2].step[0].depth = 1;
	bad[3].step[2].depth = 3;
	bad[4].step[1].type = 0;
	bad[5].step[1].type = PLAN_STEP_TYPE_END;
	bad[6].step[1].count = 0;
	bad[7].step[2].size = PLAN_SIZE_MAX + 1;
	bad[8].step[2].flags = 0x80;
	bad[9].space.level_count = 3;
	bad[10].line_count_max = 0;
	bad[11].layout.xa_slot_count = 65;
	bad[12].step[0].type = PLAN_SPACE;
	bad[13].step[0] = (struct plan_step){.type = PLAN_TAKE, .size = 8};
	bad[14].step[2].type = PLAN_MOMENT;
	for (size_t i = 0; i < 15; i++)
		assert_int_equal(plan_validate(&bad[i]), STATUS_MALFORMED);
}

static void a_cursor_that_no_plan_like_it_could_have_is_refused(void **state)
{
	(void)state;
	struct plan plan;

	plan_of_list(&plan);
	const struct plan_cursor bad[] = {
		{.step_index = 3},
		{.step_index = 1},
		{.step_index = 0, .loop_count = 1},
		{.step_index = 1, .loop_count = 2},
		{.step_index = 2, .loop_count = 1},
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(plan_cursor_validate(&plan, &bad[i]), STATUS_MALFORMED);
	assert_int_equal(plan_cursor_validate(&plan, &(struct plan_cursor){.step_index = 1, .loop_count = 1}),
			 STATUS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_that_breaks_the_rules_is_refused),
		cmocka_unit_test(a_cursor_that_no_plan_like_it_could_have_is_refused),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
