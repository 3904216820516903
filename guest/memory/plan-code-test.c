/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/plan-code.h"

#include <string.h>

#include "base/report.h"
#include "base/test.h"

static void ignore(void *context, status fault, const char *message)
{
}

/* Every number another one, and large enough to show its width. */
static struct plan some_plan(uint32_t step_count)
{
	struct plan plan = {
		.space = {.root = {0x1122334455667000}, .level_count = 5, .physical_bits = 46},
		.page_offset = 0xff11000000000000,
		.layout = {0x0102, 0x0304, 0x0506, 0x0708, 0x090a, 0x0b0c, 0x0d0e, 0x0f10, 0x1112, 0x1314},
		.step_count = step_count,
		.line_count_max = 0x01020304,
		.node_count_max = 0x05060708,
		.answer_size_max = 0x090a0b0c,
	};

	for (uint32_t i = 0; i < step_count; i++)
		plan.step[i] = (struct plan_step){
			.type = (uint8_t)(1 + i % 14),
			.depth = (uint8_t)(i % 9),
			.count_size = (uint8_t)(i + 3),
			.flags = (uint8_t)(i + 5),
			.size = 0x11121314 + i,
			.count = 0x21222324 + i,
			.stride = 0x31323334 + i,
			.offset = -0x4142434445464748 - i,
			.node_offset = -0x5152535455565758 + i,
			.value = 0x6162636465666768 + i,
			.mask = 0xf1f2f3f4f5f6f7f8 - i,
		};
	return plan;
}

static void a_plan_comes_back_as_it_was(void **state)
{
	static const uint32_t counts[] = {0, 1, 17, PLAN_STEP_COUNT_MAX};
	uint8_t code[PLAN_CODE_SIZE], again[PLAN_CODE_SIZE];

	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		struct plan plan = some_plan(counts[i]), found;

		memset(code, 0xee, sizeof code);
		memset(&found, 0, sizeof found);
		plan_encode(&plan, code);
		assert_int_equal(plan_decode(code, &found), STATUS_OK);
		assert_memory_equal(&found.space, &plan.space, sizeof plan.space);
		assert_memory_equal(&found.layout, &plan.layout, sizeof plan.layout);
		assert_memory_equal(found.step, plan.step, sizeof plan.step);
		assert_int_equal(found.page_offset, plan.page_offset);
		assert_int_equal(found.line_count_max, plan.line_count_max);
		assert_int_equal(found.node_count_max, plan.node_count_max);
		assert_int_equal(found.answer_size_max, plan.answer_size_max);
		assert_int_equal(found.step_count, counts[i]);
		plan_encode(&found, again);
		assert_memory_equal(again, code, sizeof code);
	}
}

/* The tables in the header, written down once more. */
static void bytes_lie_where_the_tables_say(void **state)
{
	const struct plan plan = some_plan(2);
	const struct plan_cursor cursor = {.is_done = true,
					   .step_index = 2,
					   .loop_count = 3,
					   .next_line = 0x0807060504030201,
					   .place = {[11] = {.node = 0xaa, .index = 0xbb}}};
	uint8_t code[PLAN_CODE_SIZE], place[PLAN_CURSOR_CODE_SIZE];

	plan_encode(&plan, code);
	assert_memory_equal(code, "\2\0\0\0\4\3\2\1\10\7\6\5\5\0\0\0\56\0\0\0\xc\xb\xa\x9", 24);
	assert_memory_equal(code + 24, "\0\x70\x66\x55\x44\x33\x22\x11\0\0\0\0\0\0\x11\xff", 16);
	assert_memory_equal(code + 40, "\2\1\4\3\6\5\x8\7\xa\x9\xc\xb\xe\xd\x10\xf\x12\x11\x14\x13", 20);
	for (int i = 60; i < 128; i++)
		assert_int_equal(code[i], 0);
	assert_memory_equal(code + 128 + 48, "\2\1\4\6\x15\x13\x12\x11\x25\x23\x22\x21\x35\x33\x32\x31", 16);
	for (int i = 128 + 2 * 48; i < PLAN_CODE_SIZE; i++)
		assert_int_equal(code[i], 0);
	plan_cursor_encode(&cursor, place);
	assert_memory_equal(place, "\1\2\3\0\0\0\0\0\1\2\3\4\5\6\7\x8", 16);
	assert_int_equal(place[16 + 11 * 16], 0xaa);
	assert_int_equal(place[16 + 11 * 16 + 8], 0xbb);
}

static void plans_of_another_form_are_refused(void **state)
{
	const struct plan plan = some_plan(3);
	uint8_t code[PLAN_CODE_SIZE];
	struct plan found;

	plan_encode(&plan, code);
	code[0] = PLAN_STEP_COUNT_MAX + 1;
	assert_int_equal(plan_decode(code, &found), STATUS_MALFORMED);
	code[0] = 2; /* then the third step is something behind the steps */
	assert_int_equal(plan_decode(code, &found), STATUS_MALFORMED);
	code[0] = 3;
	const size_t zeros[] = {60, 100, 127, 128 + 3 * 48, PLAN_CODE_SIZE - 1};
	for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++) {
		code[zeros[i]] = 1;
		assert_int_equal(plan_decode(code, &found), STATUS_MALFORMED);
		code[zeros[i]] = 0;
	}
	assert_int_equal(plan_decode(code, &found), STATUS_OK);
}

static void a_cursor_comes_back_and_what_can_be_none_is_refused(void **state)
{
	struct plan_cursor cursor = {.step_index = 63, .loop_count = PLAN_DEPTH_MAX, .next_line = UINT64_MAX}, found;
	uint8_t code[PLAN_CURSOR_CODE_SIZE];

	for (int i = 0; i < PLAN_DEPTH_MAX; i++)
		cursor.place[i] = (struct plan_place){.node = UINT64_MAX - (uint64_t)i, .index = (uint64_t)i};
	plan_cursor_encode(&cursor, code);
	memset(&found, 0, sizeof found);
	assert_int_equal(plan_cursor_decode(code, &found), STATUS_OK);
	assert_memory_equal(&found, &cursor, sizeof cursor);
	static const struct {
		size_t at;
		uint8_t value;
	} bad[] = {{0, 2}, {1, PLAN_STEP_COUNT_MAX}, {2, PLAN_DEPTH_MAX + 1}, {3, 1}, {7, 1}};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		uint8_t before = code[bad[i].at];

		code[bad[i].at] = bad[i].value;
		assert_int_equal(plan_cursor_decode(code, &found), STATUS_MALFORMED);
		code[bad[i].at] = before;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_comes_back_as_it_was),
		cmocka_unit_test(bytes_lie_where_the_tables_say),
		cmocka_unit_test(plans_of_another_form_are_refused),
		cmocka_unit_test(a_cursor_comes_back_and_what_can_be_none_is_refused),
	};

	report_sink_set(ignore, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
