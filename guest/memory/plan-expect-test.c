/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run of a plan asks for before it reads it, and that nothing else follows from that. */
#include "guest/memory/plan-run.h"

#include "guest/memory/walked.h"

enum {
	NODE_COUNT = 50,
	FIRST_NODE = 0x4000,
	NODE_DISTANCE = 256, /* make_list()'s */
	TAKEN = 128, /* of each node, */
	POINTER = 64, /* and what this leads to */
	FIRST_OBJECT = 0x20000,
	OBJECT_DISTANCE = 512,
};

struct guess {
	struct plan_access access; /* must be first */
	bool lies;
	uint32_t read_count;
	/* Of each line of RAM, by how many reads it came after it was asked for; 0: it wasn't. */
	uint32_t expected_at[RAM_SIZE / PLAN_LINE_SIZE], lead[RAM_SIZE / PLAN_LINE_SIZE];
};

static struct guess guess;
static struct walked walked;
static uint8_t lines[LINE_COUNT_MAX][PLAN_LINE_SIZE], answers[2][ANSWER_SIZE];
static uint64_t numbers[LINE_COUNT_MAX], table[PLAN_TABLE_COUNT_MAX];

static status read_line(struct plan_access *access, struct guest_pa line, uint8_t *destination)
{
	const uint64_t number = line.value / PLAN_LINE_SIZE;

	(void)access;
	if (line.value >= RAM_SIZE)
		return STATUS_UNMAPPED;
	guess.read_count++;
	if (guess.expected_at[number] != 0)
		guess.lead[number] = guess.read_count - (guess.expected_at[number] - 1);
	memcpy(destination, fake_guest_at(&walked.guest, line.value), PLAN_LINE_SIZE);
	return STATUS_OK;
}

static void expect_line(struct plan_access *access, struct guest_pa line)
{
	(void)access;
	assert_int_equal(line.value % PLAN_LINE_SIZE, 0);
	if (line.value < RAM_SIZE && guess.expected_at[line.value / PLAN_LINE_SIZE] == 0)
		guess.expected_at[line.value / PLAN_LINE_SIZE] = guess.read_count + 1;
}

static bool peek(struct plan_access *access, struct guest_pa address, uint64_t *ret_value)
{
	static uint64_t seed = 4711;

	(void)access;
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	if (guess.lies)
		*ret_value = (seed & 1) != 0 ? seed : at(seed % (1 << 20));
	else
		memcpy(ret_value, fake_guest_at(&walked.guest, address.value), sizeof *ret_value);
	return true;
}

/* A list of nodes, each with a pointer to an object. */
static void setup_list(void)
{
	memset(&guess, 0, sizeof guess);
	guess.access = (struct plan_access){
		.read_line = read_line, .is_still = true, .expect_line = expect_line, .peek = peek};
	setup(&walked);
	make_list(&walked, 0, FIRST_NODE, NODE_COUNT);
	for (uint64_t i = 0; i < NODE_COUNT; i++) {
		put(&walked, FIRST_NODE + i * NODE_DISTANCE + POINTER, at(FIRST_OBJECT + i * OBJECT_DISTANCE));
		put(&walked, FIRST_OBJECT + i * OBJECT_DISTANCE, i + 1);
	}
	add_start(&walked, at(0));
	add(&walked, 1, PLAN_LIST);
	add(&walked, 2, PLAN_TAKE);
	add(&walked, 2, PLAN_TAKE)->offset = POINTER;
	add(&walked, 2, PLAN_TAKE)->offset = TAKEN;
	add(&walked, 2, PLAN_FOLLOW)->offset = POINTER;
	add(&walked, 3, PLAN_TAKE);
}

static size_t run_guessing(uint8_t *answer)
{
	const struct plan_room room = {
		.answer = answer,
		.answer_size = ANSWER_SIZE,
		.lines = lines,
		.numbers = numbers,
		.line_count = LINE_COUNT_MAX,
		.table = table,
		.table_count = sizeof table / sizeof *table,
	};
	uint32_t line_count;
	size_t size;

	walked.cursor = (struct plan_cursor){0};
	assert_int_equal(plan_run(&walked.plan, &walked.cursor, &guess.access, &room, &size, &line_count), STATUS_OK);
	assert_true(walked.cursor.is_done);
	return size;
}

static uint32_t lead_of(uint64_t offset)
{
	return guess.lead[(DATA + offset) / PLAN_LINE_SIZE];
}

static void a_lists_nodes_and_what_they_lead_to_are_asked_for_an_element_before_they_are_read(void **state)
{
	(void)state;
	setup_list();
	run_guessing(answers[0]);
	/* Where translations are known: each page's first node is the first to ask for it. */
	uint32_t nodes = 0, objects = 0;
	for (uint64_t i = 0; i < NODE_COUNT; i++) {
		nodes += lead_of(FIRST_NODE + i * NODE_DISTANCE) > 4 &&
			 lead_of(FIRST_NODE + i * NODE_DISTANCE + TAKEN) > 4;
		objects += lead_of(FIRST_OBJECT + i * OBJECT_DISTANCE) > 4;
	}
	assert_true(nodes > NODE_COUNT / 2);
	assert_true(objects > NODE_COUNT / 2);
	teardown(&walked);
}

static void nothing_that_is_guessed_changes_an_answer(void **state)
{
	(void)state;
	setup_list();
	size_t size = run_guessing(answers[0]);
	guess.access.peek = NULL;
	assert_int_equal(run_guessing(answers[1]), size);
	assert_memory_equal(answers[0], answers[1], size);
	guess.access.peek = peek;
	guess.lies = true;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(run_guessing(answers[1]), size);
		assert_memory_equal(answers[0], answers[1], size);
	}
	teardown(&walked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lists_nodes_and_what_they_lead_to_are_asked_for_an_element_before_they_are_read),
		cmocka_unit_test(nothing_that_is_guessed_changes_an_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
