/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/reader.h"

#include "base/test.h"

static void a_short_read_leaves_cursor_and_result_untouched(void **state)
{
	(void)state;
	const uint8_t bytes[] = {1, 2, 3};
	struct reader reader;
	uint32_t value = 77;

	reader_init(&reader, (struct span){bytes, sizeof bytes});
	assert_int_equal(reader_u32(&reader, &value), STATUS_END);
	assert_int_equal(value, 77);
	assert_int_equal(reader_left(&reader), 3);
}

static void numbers_are_little_endian_at_any_alignment(void **state)
{
	(void)state;
	const uint8_t bytes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
	struct reader reader;
	uint64_t value = 0;

	reader_init(&reader, (struct span){bytes, sizeof bytes});
	assert_int_equal(reader_skip(&reader, 1), STATUS_OK);
	assert_int_equal(reader_u64(&reader, &value), STATUS_OK);
	assert_int_equal(value, 0x0807060504030201);
}

static void a_string_without_end_is_refused(void **state)
{
	(void)state;
	const uint8_t bytes[] = {'a', 'b', 0, 'c'};
	struct reader reader;
	const char *string = NULL;

	reader_init(&reader, (struct span){bytes, sizeof bytes});
	assert_int_equal(reader_string(&reader, 2, &string), STATUS_END);
	assert_int_equal(reader_string(&reader, 3, &string), STATUS_OK);
	assert_string_equal(string, "ab");
	assert_int_equal(reader_string(&reader, 99, &string), STATUS_END);
}

static void align_past_the_end_is_refused(void **state)
{
	(void)state;
	const uint8_t bytes[5] = {0};
	struct reader reader;

	reader_init(&reader, (struct span){bytes, sizeof bytes});
	assert_int_equal(reader_skip(&reader, 5), STATUS_OK);
	assert_int_equal(reader_align(&reader, 8), STATUS_END);
	assert_int_equal(reader_seek(&reader, 6), STATUS_END);
	assert_int_equal(reader_seek(&reader, 4), STATUS_OK);
	assert_int_equal(reader_align(&reader, 4), STATUS_OK);
	assert_int_equal(reader_left(&reader), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_short_read_leaves_cursor_and_result_untouched),
		cmocka_unit_test(numbers_are_little_endian_at_any_alignment),
		cmocka_unit_test(a_string_without_end_is_refused),
		cmocka_unit_test(align_past_the_end_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
