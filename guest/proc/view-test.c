/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/view.h"

#include <string.h>

#include "base/report.h"
#include "base/test.h"

static struct proc_view_choice choice;

static status parse(const char *kind, const char *word)
{
	memset(&choice, 0xee, sizeof choice);
	return proc_view_parse("--option", kind, word, &choice);
}

static void a_small_number_is_a_process(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		const char *kind = i == 0 ? "pid" : "net";

		assert_int_equal(parse(kind, "17"), STATUS_OK);
		assert_int_equal(choice.kind, PROC_VIEW_OF_PROCESS);
		assert_int_equal(choice.number, 17);
		assert_int_equal(parse(kind, "4194304"), STATUS_OK);
		assert_int_equal(choice.kind, PROC_VIEW_OF_PROCESS);
	}
}

static void a_large_one_is_an_inode_and_so_is_one_in_brackets(void **state)
{
	(void)state;
	assert_int_equal(parse("pid", "4026531836"), STATUS_OK);
	assert_int_equal(choice.kind, PROC_VIEW_OF_INODE);
	assert_int_equal(choice.number, 4026531836u);
	assert_int_equal(parse("net", "net:[4026532000]"), STATUS_OK);
	assert_int_equal(choice.kind, PROC_VIEW_OF_INODE);
	assert_int_equal(choice.number, 4026532000u);
}

static void only_networks_have_names(void **state)
{
	(void)state;
	assert_int_equal(parse("net", "blue-1"), STATUS_OK);
	assert_int_equal(choice.kind, PROC_VIEW_OF_NAME);
	assert_string_equal(choice.name, "blue-1");
	assert_int_equal(parse("pid", "blue-1"), STATUS_USAGE);
	assert_int_equal(parse("pid", "/run/netns/blue-1"), STATUS_USAGE);
}

static void a_name_of_digits_is_one_where_it_is_said_with_its_directory(void **state)
{
	(void)state;
	assert_int_equal(parse("net", "/run/netns/17"), STATUS_OK);
	assert_int_equal(choice.kind, PROC_VIEW_OF_NAME);
	assert_string_equal(choice.name, "17");
	assert_int_equal(parse("net", "/run/netns/"), STATUS_USAGE);
	assert_int_equal(parse("net", "/run/netns/.."), STATUS_USAGE);
	assert_int_equal(parse("net", "/run/netns/a/b"), STATUS_USAGE);
}

static void what_is_none_of_these_is_refused_in_words(void **state)
{
	static const char *const words[] = {"",		 "0",		"4194305",
					    "17x9/",	 ".",		"..",
					    "a/b",	 "99999999999", "18446744073709551617",
					    "net:",	 "net:[0]",	"pid:[12345]",
					    "net:[12a]", "net:[]"};
	char name[PROC_VIEW_NAME_SIZE + 1];

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		assert_int_equal(parse("net", words[i]), STATUS_USAGE);
	assert_int_equal(parse("pid", "net:[4026532000]"), STATUS_USAGE);
	memset(name, 'n', sizeof name);
	name[PROC_VIEW_NAME_SIZE] = '\0';
	assert_int_equal(parse("net", name), STATUS_USAGE);
	name[PROC_VIEW_NAME_SIZE - 1] = '\0';
	assert_int_equal(parse("net", name), STATUS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_number_is_a_process),
		cmocka_unit_test(a_large_one_is_an_inode_and_so_is_one_in_brackets),
		cmocka_unit_test(only_networks_have_names),
		cmocka_unit_test(a_name_of_digits_is_one_where_it_is_said_with_its_directory),
		cmocka_unit_test(what_is_none_of_these_is_refused_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
