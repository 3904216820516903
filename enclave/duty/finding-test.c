/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A parser that isn't ours (jansson) says what is a JSON object. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "enclave/duty/finding.h"

/* Tells apart what the tests name; SHA-256 is an image's. */
static bool sum_up(struct span bytes, uint8_t ret_hash[static VERIFIER_HASH_SIZE])
{
	memset(ret_hash, 0, VERIFIER_HASH_SIZE);
	for (size_t i = 0; i < bytes.size; i++)
		ret_hash[0] = (uint8_t)(ret_hash[0] * 31 + bytes.data[i]);
	return true;
}

static struct finding finding;

static int set_up(void **state)
{
	finding = (struct finding){.program = "ps", .words = "ps aux", .hash = sum_up};
	return 0;
}

static json_t *parsed(void)
{
	json_error_t error;
	json_t *object = json_loadb(finding.text, finding.size, JSON_REJECT_DUPLICATES, &error);

	if (!json_is_object(object))
		fail_msg("no JSON object: %s at byte %d of %.*s", error.text, error.position, (int)finding.size,
			 finding.text);
	return object;
}

static json_t *difference(const char *before, const char *after)
{
	struct lines last, now;

	assert_true(lines_init(&last, strdup(before)));
	assert_true(lines_init(&now, strdup(after)));
	const bool is_one = finding_of_difference(&finding, &last, &now);
	lines_deinit(&last);
	lines_deinit(&now);
	return is_one ? parsed() : NULL;
}

static long number(const json_t *object, const char *key)
{
	assert_true(json_is_integer(json_object_get(object, key)));
	return (long)json_integer_value(json_object_get(object, key));
}

static const char *line_of(const json_t *object, const char *key, size_t i)
{
	const char *line = json_string_value(json_array_get(json_object_get(object, key), i));

	assert_non_null(line);
	return line;
}

static void lines_that_are_new_or_gone_are_named_whatever_their_order(void **state)
{
	json_t *object = difference("a\nb\nb\nc\n", "d\nc\na\n\n");

	assert_string_equal(json_string_value(json_object_get(object, "title")), "what ps prints has changed");
	assert_string_equal(json_string_value(json_object_get(object, "command")), "ps aux");
	assert_string_equal(line_of(object, "new", 0), "d");
	assert_string_equal(line_of(object, "gone", 0), "b");
	assert_int_equal(number(object, "new_count"), 1);
	assert_int_equal(number(object, "gone_count"), 1);
	assert_int_equal(number(object, "new_unnamed_count"), 0);
	json_decref(object);
	assert_null(difference("a\nb\n", "b\na\na\n"));
}

/* As many as make text: `count` lines of `size` bytes that differ in their numbers. */
static char *many_lines(size_t count, size_t size, char filling)
{
	char *text = malloc(count * (size + 1) + 1);

	assert_non_null(text);
	for (size_t i = 0; i < count; i++) {
		char digits[8];

		snprintf(digits, sizeof digits, "%06zu", i);
		memset(text + i * (size + 1), filling, size);
		memcpy(text + i * (size + 1), digits, 6);
		text[i * (size + 1) + size] = '\n';
	}
	text[count * (size + 1)] = '\0';
	return text;
}

static void no_lines_of_the_machine_can_make_a_finding_unreadable(void **state)
{
	static const char fillings[] = {'a', '\\', '"', '\x01', '\x7f', (char)0xff};

	for (size_t i = 0; i < sizeof fillings; i++) {
		for (size_t size = 6; size <= 406; size += 50) {
			char *text = many_lines(40, size, fillings[i]);
			json_t *object = difference(text, "");
			const long named = (long)json_array_size(json_object_get(object, "gone"));

			assert_int_equal(number(object, "gone_count"), 40);
			assert_int_equal(number(object, "gone_unnamed_count"), 40 - named);
			/* Plain ones all get in; of others, some. */
			assert_true(named <= FINDING_LINE_COUNT_MAX && named >= (fillings[i] == 'a' ? 32 : 9));
			json_decref(object);
			free(text);
		}
	}
}

static void both_lists_full_and_a_long_command_fit(void **state)
{
	char words[1000];
	char *before = many_lines(100, 300, (char)0xfe), *after = many_lines(100, 300, (char)0xff);

	memset(words, '\x01', sizeof words - 1);
	words[sizeof words - 1] = '\0';
	finding.program = finding.words = words;
	words[VERIFIER_PROGRAM_SIZE - 1] = '\0';
	json_t *object = difference(before, after);
	assert_int_equal(number(object, "new_count"), 100);
	assert_int_equal(number(object, "gone_count"), 100);
	assert_true(json_array_size(json_object_get(object, "gone")) >= 9);
	json_decref(object);
	words[VERIFIER_PROGRAM_SIZE - 1] = '\x01';
	finding.program = "ps";
	json_decref(difference(before, after));
	free(before);
	free(after);
}

static void lines_that_begin_alike_do_not_look_alike(void **state)
{
	char before[302], after[302];

	memset(before, 'x', 300);
	memcpy(before + 300, "1", 2);
	memset(after, 'x', 300);
	memcpy(after + 300, "2", 2);
	json_t *object = difference(before, after);
	assert_string_not_equal(line_of(object, "new", 0), line_of(object, "gone", 0));
	assert_non_null(strstr(line_of(object, "new", 0), "... (301 bytes, SHA-256 "));
	json_decref(object);
}

static void a_byte_and_the_text_that_stands_for_it_do_not_look_alike(void **state)
{
	json_t *object = difference("\x01", "\\x01");

	assert_string_equal(line_of(object, "gone", 0), "\\x01");
	assert_string_equal(line_of(object, "new", 0), "\\\\x01");
	json_decref(object);
}

static void a_failure_and_a_baseline_are_objects_whatever_the_command(void **state)
{
	struct lines now;

	finding.program = finding.words = "\"\\\n";
	finding_of_failure(&finding, 125);
	json_t *object = parsed();
	assert_int_equal(number(object, "exit_status"), 125);
	assert_string_equal(json_string_value(json_object_get(object, "title")), "\"\\\\\\x0a could not look");
	json_decref(object);
	assert_true(lines_init(&now, strdup("b\na\nb\n")));
	finding_of_baseline(&finding, &now, 6);
	lines_deinit(&now);
	object = parsed();
	assert_string_equal(json_string_value(json_object_get(object, "kind")), "baseline");
	assert_int_equal(number(object, "line_count"), 2);
	assert_int_equal(number(object, "size"), 6);
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lines_that_are_new_or_gone_are_named_whatever_their_order, set_up),
		cmocka_unit_test_setup(no_lines_of_the_machine_can_make_a_finding_unreadable, set_up),
		cmocka_unit_test_setup(both_lists_full_and_a_long_command_fit, set_up),
		cmocka_unit_test_setup(lines_that_begin_alike_do_not_look_alike, set_up),
		cmocka_unit_test_setup(a_byte_and_the_text_that_stands_for_it_do_not_look_alike, set_up),
		cmocka_unit_test_setup(a_failure_and_a_baseline_are_objects_whatever_the_command, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
