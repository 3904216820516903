/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include "cli/command.h"

static void distance_counts_single_letter_changes(void **state)
{
	assert_int_equal(command_distance("lab", "lab"), 0);
	assert_int_equal(command_distance("lba", "lab"), 1);
	assert_int_equal(command_distance("labb", "lab"), 1);
	assert_int_equal(command_distance("targts", "targets"), 1);
	assert_int_equal(command_distance("", "run"), 3);
	assert_int_equal(command_distance("cat", "lab"), 2);
}

static void distance_of_overlong_words_is_far(void **state)
{
	assert_int_equal(command_distance("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "lab"), 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distance_counts_single_letter_changes),
		cmocka_unit_test(distance_of_overlong_words_is_far),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
