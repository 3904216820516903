/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <string.h>

#include "base/report.h"
#include "enclave/spawn/command.h"

static struct command command;
static char message[1100];

static void sink(void *context, status fault, const char *text)
{
	(void)context, (void)fault;
	strncpy(message, text, sizeof message - 1);
}

static int setup(void **state)
{
	(void)state;
	message[0] = '\0';
	report_sink_set(sink, NULL);
	return 0;
}

static void check_arguments(size_t stage, const char *const *wanted)
{
	size_t count = 0;

	for (; wanted[count] != NULL; count++)
		assert_string_equal(command.stage[stage].argument[count], wanted[count]);
	assert_int_equal(command.stage[stage].argument_count, count);
	assert_null(command.stage[stage].argument[count]);
}

/* Each is what chkproc or unhide gives to popen(). */
static void lines_of_real_programs_are_understood(void **state)
{
	(void)state;
	assert_int_equal(command_parse("ps auxw -T|tr -s ' '|cut -d' ' -f2-", &command), STATUS_OK);
	assert_int_equal(command.stage_count, 3);
	check_arguments(0, (const char *const[]){"ps", "auxw", "-T", NULL});
	check_arguments(1, (const char *const[]){"tr", "-s", " ", NULL});
	check_arguments(2, (const char *const[]){"cut", "-d ", "-f2-", NULL});
	assert_int_equal(command_parse("ps mauxw 2>&1 ", &command), STATUS_OK);
	check_arguments(0, (const char *const[]){"ps", "mauxw", NULL});
	assert_int_equal(command.stage[0].redirection_count, 1);
	assert_int_equal(command.stage[0].redirection[0].stream, 2);
	assert_int_equal(command.stage[0].redirection[0].to, 1);
	assert_int_equal(command_parse("cat /proc/7/environ | tr \"\\0\" \"\\n\" | grep -w 'USER'", &command),
			 STATUS_OK);
	check_arguments(1, (const char *const[]){"tr", "\\0", "\\n", NULL});
	check_arguments(2, (const char *const[]){"grep", "-w", "USER", NULL});
}

static void quotes_and_backslashes_are_those_of_a_shell(void **state)
{
	(void)state;
	assert_int_equal(command_parse("a 'b c'\"d\\\"e\"f\\ g '' \"\\x\" '\\'\n", &command), STATUS_OK);
	check_arguments(0, (const char *const[]){"a", "b cd\"ef g", "", "\\x", "\\", NULL});
}

static void redirections_keep_their_order(void **state)
{
	(void)state;
	assert_int_equal(command_parse("a </dev/null >/dev/null 2>&1 1>> /dev/null 2b", &command), STATUS_OK);
	check_arguments(0, (const char *const[]){"a", "2b", NULL});
	assert_int_equal(command.stage[0].redirection_count, 4);
	assert_int_equal(command.stage[0].redirection[0].stream, 0);
	assert_int_equal(command.stage[0].redirection[1].stream, 1);
	assert_int_equal(command.stage[0].redirection[1].to, COMMAND_TO_NULL);
	assert_int_equal(command.stage[0].redirection[2].stream, 2);
	assert_int_equal(command.stage[0].redirection[2].to, 1);
	assert_int_equal(command.stage[0].redirection[3].stream, 1);
}

static void everything_else_is_refused_with_what_stands_there(void **state)
{
	static const struct {
		const char *line, *words;
	} lines[] = {
		{"", "no program"},	   {"a |", "no program"},	 {"| a", "no program"},
		{"a || b", "\"or\""},	   {"a; b", "at \"; b\""},	 {"a & b", "at \"& b\""},
		{"a && b", "at \"&& b\""}, {"a $b", "at \"$b\""},	 {"a \"$b\"", "an expansion"},
		{"a `b`", "at \"`b`\""},   {"a *", "at \"*\""},		 {"a ?", "at \"?\""},
		{"a [b]", "at \"[b]\""},   {"(a)", "at \"(a)\""},	 {"~/a", "at \"~/a\""},
		{"a #b", "at \"#b\""},	   {"! a", "at \"! a\""},	 {"{ a; }", "at \"{ a; }\""},
		{"A=b c", "a variable"},   {"a 'b", "a quote"},		 {"a \"b", "a quote"},
		{"a >b", "to a file"},	   {"a 2>b", "to a file"},	 {"a <b", "to a file"},
		{"a >&3", "shell's own"},  {"a 2>&1x", "a redirection"}, {"a\nb", "a second line"},
		{"a >", "to a file"},	   {"a >&-", "shell's own"},	 {"a <<b", "to a file"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		message[0] = '\0';
		assert_int_equal(command_parse(lines[i].line, &command), STATUS_UNSUPPORTED);
		if (strstr(message, lines[i].words) == NULL)
			fail_msg("%s: %s", lines[i].line, message);
	}
}

static void what_is_too_much_is_refused(void **state)
{
	char line[COMMAND_SIZE_MAX + 2];

	(void)state;
	memset(line, 'a', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	assert_int_equal(command_parse(line, &command), STATUS_UNSUPPORTED);
	for (size_t i = 1; i < COMMAND_SIZE_MAX - 1; i += 2)
		line[i] = ' ';
	line[COMMAND_SIZE_MAX - 1] = '\0';
	assert_int_equal(command_parse(line, &command), STATUS_UNSUPPORTED);
	assert_non_null(strstr(message, "argument too many"));
	assert_int_equal(command_parse("a|a|a|a|a|a|a", &command), STATUS_UNSUPPORTED);
	assert_int_equal(
		command_parse("a>/dev/null>/dev/null>/dev/null>/dev/null>/dev/null>/dev/null>/dev/null", &command),
		STATUS_UNSUPPORTED);
	/* Each byte a word of its own: the text fits. */
	assert_int_equal(command_parse("a b c d e f g h", &command), STATUS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lines_of_real_programs_are_understood, setup),
		cmocka_unit_test_setup(quotes_and_backslashes_are_those_of_a_shell, setup),
		cmocka_unit_test_setup(redirections_keep_their_order, setup),
		cmocka_unit_test_setup(everything_else_is_refused_with_what_stands_there, setup),
		cmocka_unit_test_setup(what_is_too_much_is_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
