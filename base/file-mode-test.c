/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file-mode.h"
#include "base/test.h"

static void octal_digits_up_to_777_are_a_mode(void **state)
{
	mode_t mode = 1;

	(void)state;
	assert_int_equal(file_mode_parse("0660", &mode), STATUS_OK);
	assert_int_equal(mode, 0660);
	assert_int_equal(file_mode_parse("777", &mode), STATUS_OK);
	assert_int_equal(mode, 0777);
	assert_int_equal(file_mode_parse("0", &mode), STATUS_OK);
	assert_int_equal(mode, 0);
}

static void anything_else_is_none(void **state)
{
	static const char *const wrong[] = {"",
					    "8",
					    "0x1f",
					    "-1",
					    "+660",
					    " 660",
					    "660 ",
					    "1000",
					    "rw-r--",
					    "0660\n",
					    "77777777777777777777777777"};
	mode_t mode = 0123;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(file_mode_parse(wrong[i], &mode), STATUS_MALFORMED);
	assert_int_equal(mode, 0123);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octal_digits_up_to_777_are_a_mode),
		cmocka_unit_test(anything_else_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
