/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/test.h"
#include "base/writer.h"

static void numbers_are_little_endian(void **state)
{
	static const uint8_t expected[] = {1, 3, 2, 7, 6, 5, 4, 15, 14, 13, 12, 11, 10, 9, 8};
	uint8_t bytes[sizeof expected];
	struct writer writer;

	writer_init(&writer, bytes, sizeof bytes);
	assert_int_equal(writer_u8(&writer, 1), STATUS_OK);
	assert_int_equal(writer_u16(&writer, 0x0203), STATUS_OK);
	assert_int_equal(writer_u32(&writer, 0x04050607), STATUS_OK);
	assert_int_equal(writer_u64(&writer, 0x08090a0b0c0d0e0f), STATUS_OK);
	assert_int_equal(writer_left(&writer), 0);
	assert_memory_equal(bytes, expected, sizeof expected);
}

static void what_does_not_fit_is_not_begun(void **state)
{
	uint8_t bytes[8];
	struct writer writer;

	memset(bytes, 0xee, sizeof bytes);
	writer_init(&writer, bytes, 3);
	assert_int_equal(writer_u32(&writer, 0), STATUS_END);
	assert_int_equal(writer_bytes(&writer, "abcd", 4), STATUS_END);
	assert_int_equal(writer_zeros(&writer, SIZE_MAX), STATUS_END);
	assert_int_equal(writer.position, 0);
	for (size_t i = 0; i < sizeof bytes; i++)
		assert_int_equal(bytes[i], 0xee);
	assert_int_equal(writer_bytes(&writer, "abc", 3), STATUS_OK);
	assert_int_equal(writer_u8(&writer, 0), STATUS_END);
	assert_memory_equal(bytes, "abc\xee", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_little_endian),
		cmocka_unit_test(what_does_not_fit_is_not_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
