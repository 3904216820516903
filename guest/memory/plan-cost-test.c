/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run costs of its budget: that is all that bounds a source which may not take its time (firmware/handler). */
#include <stdlib.h>

#include "guest/memory/walked.h"

enum { LINES = 512, LINE_COST = 3 };

struct counted {
	struct plan_access access; /* must be first */
	struct walked *walked;
	uint32_t read_count;
};

static struct walked walked;
static uint8_t lines[LINE_COUNT_MAX][PLAN_LINE_SIZE];
static uint64_t numbers[LINE_COUNT_MAX], table[4096];

static status read_line(struct plan_access *access, struct guest_pa line, uint8_t *destination)
{
	struct counted *counted = (struct counted *)access;

	counted->read_count++;
	if (line.value >= RAM_SIZE)
		return STATUS_UNMAPPED;
	memcpy(destination, fake_guest_at(&counted->walked->guest, line.value), PLAN_LINE_SIZE);
	return STATUS_OK;
}

/* One line of each of LINES objects, from which nothing is followed: a load for each, and the walks' for each page. */
static void plan_of_lines(void)
{
	setup(&walked);
	struct plan_step *array = add(&walked, 0, PLAN_ARRAY);
	array->offset = (int64_t)at(0);
	array->count = LINES;
	array->stride = PLAN_LINE_SIZE;
	add(&walked, 1, PLAN_TAKE)->size = 8;
	assert_int_equal(plan_validate(&walked.plan), STATUS_OK);
}

/* Bytes that can't be told by others. */
static void fill(void)
{
	uint64_t value = 1;

	for (uint64_t offset = 0; offset < (uint64_t)LINES * PLAN_LINE_SIZE; offset += 8) {
		value = value * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		put(&walked, offset, value | 0x0101010101010101);
	}
}

/* One run. Lines that came are in walked.lines; how often memory was read. */
static uint32_t run_within(uint32_t budget, uint32_t line_cost)
{
	struct counted counted = {{.read_line = read_line, .is_still = true}, &walked, 0};
	const struct plan_room room = {
		.answer = walked.answer,
		.answer_size = sizeof walked.answer,
		.lines = lines,
		.numbers = numbers,
		.line_count = LINE_COUNT_MAX,
		.table = table,
		.table_count = sizeof table / sizeof *table,
		.budget = budget,
		.line_cost = line_cost,
	};
	uint32_t count;

	walked.line_count = 0;
	assert_int_equal(plan_run(&walked.plan, &walked.cursor, &counted.access, &room, &walked.answer_size, &count),
			 STATUS_OK);
	collect(&walked);
	assert_int_equal(count, walked.line_count);
	return counted.read_count;
}

/* What the lines of the last run have cost at least: each its load, itself, and its place in the answer, the numbers
 * rounded down. */
static size_t cost_of_lines(uint32_t line_cost)
{
	struct plan_unpack unpack = {0};
	struct reader answer;
	const uint8_t *bytes;
	uint64_t line;
	size_t cost = 0;

	reader_init(&answer, (struct span){walked.answer, walked.answer_size});
	for (size_t before = 0; plan_unpack_next(&unpack, &answer, &line, &bytes) == STATUS_OK;
	     before = answer.position)
		cost += 1 + (line_cost == 0 ? 0 : line_cost + (answer.position - before) / PLAN_COST_BYTES);
	return cost;
}

static void a_run_never_costs_more_than_its_budget_whatever_it_sends(void **state)
{
	(void)state;
	for (int filled = 0; filled < 2; filled++) {
		plan_of_lines();
		if (filled)
			fill();
		for (uint32_t budget = 1; budget < 400; budget++) {
			walked.cursor = (struct plan_cursor){0};
			const uint32_t read_count = run_within(budget, LINE_COST);

			assert_int_equal(read_count, walked.line_count);
			assert_in_range(cost_of_lines(LINE_COST), 0, budget);
			assert_false(walked.cursor.is_done);
		}
		teardown(&walked);
	}
}

static void the_last_line_is_not_begun_unless_the_largest_one_could_be_paid(void **state)
{
	const uint32_t largest = 1 + LINE_COST + PLAN_PACK_SIZE_MAX / PLAN_COST_BYTES;

	(void)state;
	plan_of_lines();
	fill();
	for (uint32_t budget = 1; budget < 3 * largest; budget++) {
		walked.cursor = (struct plan_cursor){0};
		const uint32_t read_count = run_within(budget, LINE_COST);

		if (budget < largest)
			assert_int_equal(read_count, 0);
		/* Two moves, and the load that it is for, come before. */
		if (budget >= largest + 2)
			assert_true(read_count > 0);
	}
	teardown(&walked);
}

static void a_line_costs_what_it_takes_of_the_answer(void **state)
{
	size_t counts[2];

	(void)state;
	for (int filled = 0; filled < 2; filled++) {
		plan_of_lines();
		if (filled)
			fill();
		(void)run_within(1000, LINE_COST);
		counts[filled] = walked.line_count;
		teardown(&walked);
	}
	/* One that is told by another in three bytes costs a load, a move and itself; a whole one two more. */
	assert_in_range(counts[0], 1000 / (3 + LINE_COST), 1000 / (1 + LINE_COST));
	assert_in_range(counts[1], 1000 / (5 + LINE_COST), 1000 / (3 + LINE_COST));
	assert_true(counts[1] < counts[0]);
}

static void without_a_price_only_loads_and_moves_count(void **state)
{
	(void)state;
	plan_of_lines();
	fill();
	(void)run_within(1000, 0);
	assert_in_range(walked.line_count, 1000 / 4, 1000);
	teardown(&walked);
}

static void pieces_at_a_price_bring_all_that_one_run_does(void **state)
{
	size_t count = 0, runs = 0;

	(void)state;
	plan_of_lines();
	fill();
	for (; !walked.cursor.is_done; runs++) {
		(void)run_within(200, LINE_COST);
		for (size_t i = 0; i < walked.line_count; i++)
			count += walked.lines[i] >= DATA / PLAN_LINE_SIZE;
		assert_true(runs < 100);
	}
	assert_in_range(count, LINES, LINES + runs);
	assert_in_range(runs, LINES * (1 + LINE_COST) / 200, LINES * 10 / 200);
	teardown(&walked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_never_costs_more_than_its_budget_whatever_it_sends),
		cmocka_unit_test(the_last_line_is_not_begun_unless_the_largest_one_could_be_paid),
		cmocka_unit_test(a_line_costs_what_it_takes_of_the_answer),
		cmocka_unit_test(without_a_price_only_loads_and_moves_count),
		cmocka_unit_test(pieces_at_a_price_bring_all_that_one_run_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
