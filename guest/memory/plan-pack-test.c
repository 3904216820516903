/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/plan-pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/test.h"

enum { LINE_COUNT = 1000, OBJECT_LINES = 5, OBJECT_DISTANCE = 80, WORD_COUNT = PLAN_LINE_SIZE / 8 };

static struct {
	uint8_t lines[LINE_COUNT][PLAN_LINE_SIZE];
	uint64_t numbers[LINE_COUNT];
	uint8_t answer[LINE_COUNT * PLAN_PACK_SIZE_MAX];
	size_t size;
} packed;

static void drop_message(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

static int setup(void **state)
{
	(void)state;
	report_sink_set(drop_message, NULL);
	return 0;
}

/* Objects of five lines, 80 lines apart, each with a word of its own in each line. */
static void make_objects(void)
{
	memset(&packed, 0, sizeof packed);
	for (uint32_t i = 0; i < LINE_COUNT; i++) {
		uint64_t words[WORD_COUNT] = {0x1111, 0, 0xffff888000000000 + i % OBJECT_LINES, 0, 7, i, 0, 8};

		memcpy(packed.lines[i], words, sizeof words);
		packed.numbers[i] = 0x40000 + (uint64_t)(i / OBJECT_LINES) * OBJECT_DISTANCE + i % OBJECT_LINES * 2;
	}
}

static void pack(uint32_t distance)
{
	packed.size = 0;
	for (uint32_t i = 0; i < LINE_COUNT; i++)
		packed.size += plan_pack_line((const uint8_t(*)[PLAN_LINE_SIZE])packed.lines, packed.numbers, i,
					      distance <= i ? distance : 0, packed.answer + packed.size);
}

static void check_skipped(void)
{
	struct plan_numbers numbers = {0};
	struct reader answer;
	uint64_t line;

	reader_init(&answer, (struct span){packed.answer, packed.size});
	for (uint32_t i = 0; i < LINE_COUNT; i++) {
		assert_true(plan_unpack_skip(&numbers, &answer, &line));
		assert_int_equal(line, packed.numbers[i]);
	}
	assert_int_equal(answer.position, packed.size);
	assert_false(plan_unpack_skip(&numbers, &answer, &line));
}

static void check_unpacked(void)
{
	struct plan_unpack unpack = {0};
	struct reader answer;
	const uint8_t *bytes;
	uint64_t line;

	reader_init(&answer, (struct span){packed.answer, packed.size});
	for (uint32_t i = 0; i < LINE_COUNT; i++) {
		assert_int_equal(plan_unpack_peek(&unpack, (struct span){packed.answer + answer.position,
									 packed.size - answer.position}),
				 packed.numbers[i]);
		assert_int_equal(plan_unpack_next(&unpack, &answer, &line, &bytes), STATUS_OK);
		assert_int_equal(line, packed.numbers[i]);
		assert_memory_equal(bytes, packed.lines[i], PLAN_LINE_SIZE);
	}
	assert_int_equal(plan_unpack_next(&unpack, &answer, &line, &bytes), STATUS_END);
	assert_int_equal(plan_unpack_peek(&unpack, (struct span){packed.answer, 0}), 0);
}

static void lines_come_back_whatever_they_are_told_by(void **state)
{
	static const uint32_t distances[] = {0, 1, OBJECT_LINES, 253, PLAN_PACK_DISTANCE_MAX};

	(void)state;
	make_objects();
	for (size_t i = 0; i < sizeof distances / sizeof distances[0]; i++) {
		pack(distances[i]);
		check_unpacked();
		check_skipped();
	}
	srand(1);
	for (uint32_t i = 0; i < LINE_COUNT; i++) {
		for (size_t j = 0; j < PLAN_LINE_SIZE; j++)
			packed.lines[i][j] = (uint8_t)rand();
		packed.numbers[i] = (uint64_t)rand() << 15;
	}
	pack(OBJECT_LINES);
	check_unpacked();
	check_skipped();
}

static void objects_that_look_alike_take_the_words_that_differ(void **state)
{
	(void)state;
	make_objects();
	pack(OBJECT_LINES);
	/* A word and three bytes each; the first object and its neighbour's place, besides. */
	assert_true(packed.size < LINE_COUNT * 7 + 500);
}

static void an_answer_that_is_cut_off_is_refused(void **state)
{
	(void)state;
	make_objects();
	pack(0);
	size_t first =
		plan_pack_line((const uint8_t(*)[PLAN_LINE_SIZE])packed.lines, packed.numbers, 0, 0, packed.answer);
	for (size_t size = 1; size < first; size++) {
		struct plan_unpack unpack = {0};
		struct reader answer;
		const uint8_t *bytes;
		uint64_t line;

		reader_init(&answer, (struct span){packed.answer, size});
		assert_int_equal(plan_unpack_next(&unpack, &answer, &line, &bytes), STATUS_MALFORMED);
		reader_init(&answer, (struct span){packed.answer, size});
		assert_false(plan_unpack_skip(&unpack.numbers, &answer, &line));
	}
}

static void a_moment_comes_back_behind_its_lines_if_there_were_so_many(void **state)
{
	static const uint32_t counts[] = {1, 2, 9, 10, 11, PLAN_MOMENT_LINES};

	(void)state;
	make_objects();
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		struct plan_unpack unpack = {0};
		struct reader answer;
		const uint8_t *bytes;
		uint64_t line;
		size_t size = 0;

		for (uint32_t j = 0; j < 10; j++)
			size += plan_pack_line((const uint8_t(*)[PLAN_LINE_SIZE])packed.lines, packed.numbers, j, 0,
					       packed.answer + size);
		plan_pack_moment(counts[i], packed.answer + size);
		reader_init(&answer, (struct span){packed.answer, size + PLAN_PACK_MOMENT_SIZE});
		for (uint32_t j = 0; j < 10; j++) {
			assert_int_equal(plan_unpack_moment(&unpack, &answer), 0);
			assert_int_equal(plan_unpack_next(&unpack, &answer, &line, &bytes), STATUS_OK);
		}
		assert_int_equal(plan_unpack_moment(&unpack, &answer), counts[i] <= 10 ? counts[i] : 0);
		assert_int_equal(plan_unpack_next(&unpack, &answer, &line, &bytes),
				 counts[i] <= 10 ? STATUS_END : STATUS_MALFORMED);
		/* Between lines, too. */
		size += PLAN_PACK_MOMENT_SIZE;
		size += plan_pack_line((const uint8_t(*)[PLAN_LINE_SIZE])packed.lines, packed.numbers, 10, 0,
				       packed.answer + size);
		reader_init(&answer, (struct span){packed.answer, size});
		unpack.numbers.count = 0;
		for (uint32_t j = 0; j < 11; j++) {
			assert_true(plan_unpack_skip(&unpack.numbers, &answer, &line));
			assert_int_equal(line, packed.numbers[j]);
		}
	}
}

static void a_line_told_by_one_that_was_not_there_is_refused(void **state)
{
	/* No number to begin with; told by one before the first; by more than can be remembered. */
	static const uint8_t bad[][10] = {
		{0, 0, 0}, {255, 1, 2, 3, 4, 5, 6, 1, 0, 0}, {255, 1, 2, 3, 4, 5, 6, 255, 0, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct plan_unpack unpack = {0};
		struct reader answer;
		const uint8_t *bytes;
		uint64_t line;

		reader_init(&answer, (struct span){bad[i], sizeof bad[i]});
		assert_int_equal(plan_unpack_next(&unpack, &answer, &line, &bytes), STATUS_MALFORMED);
		assert_false(plan_unpack_skip(&unpack.numbers, &answer, &line));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_back_whatever_they_are_told_by),
		cmocka_unit_test(objects_that_look_alike_take_the_words_that_differ),
		cmocka_unit_test(an_answer_that_is_cut_off_is_refused),
		cmocka_unit_test(a_moment_comes_back_behind_its_lines_if_there_were_so_many),
		cmocka_unit_test(a_line_told_by_one_that_was_not_there_is_refused),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
