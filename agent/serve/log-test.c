/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/serve/log.h"
#include "base/report.h"
#include "base/test.h"

enum { TEXT_SIZE = 16384 };

/* What say() writes to standard error. */
static void capture(void (*say)(void), char ret_text[static TEXT_SIZE])
{
	int file = memfd_create("log", MFD_CLOEXEC), before = dup(STDERR_FILENO);

	assert_true(file >= 0 && before >= 0);
	dup2(file, STDERR_FILENO);
	say();
	dup2(before, STDERR_FILENO);
	ssize_t size = pread(file, ret_text, TEXT_SIZE - 1, 0);
	assert_true(size >= 0);
	ret_text[size] = 0;
	close(before);
	close(file);
}

static void say_a_name_with_a_line_in_it(void)
{
	log_write(LOG_PRIORITY_INFO, "attached to %s", "qemu:web\n<0>bartizan-agent: forged\x1b[2J\x7f€");
}

static void a_name_can_not_make_a_line_of_its_own(void **state)
{
	char text[TEXT_SIZE];

	(void)state;
	capture(say_a_name_with_a_line_in_it, text);
	assert_string_equal(text, "<6>bartizan-agent: attached to qemu:web?<0>bartizan-agent: forged?[2J?€\n");
}

static void report_told_and_untold(void)
{
	log_thread_told_set(true);
	(void)!report(STATUS_DENIED, "refused");
	log_thread_told_set(false);
	(void)!report(STATUS_IO, "unreadable");
}

static void what_a_client_was_told_is_no_warning(void **state)
{
	char text[TEXT_SIZE];

	(void)state;
	capture(report_told_and_untold, text);
	assert_string_equal(text, "<5>bartizan-agent: refused\n<4>bartizan-agent: unreadable\n");
}

static void say_much_of_strangers(void)
{
	static struct log_limit limit;

	log_limit_init(&limit);
	log_thread_limit_set(&limit);
	for (int i = 0; i < 1000; i++)
		(void)!report(STATUS_DENIED, "x");
	/* As after so many seconds. */
	limit.lines.updated_ns -= INT64_C(200) * 1000000000;
	log_write(LOG_PRIORITY_INFO, "later");
	log_thread_limit_set(NULL);
	for (int i = 0; i < 50; i++)
		log_write(LOG_PRIORITY_INFO, "y");
}

static size_t count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		count++;
	return count;
}

static void what_strangers_make_us_say_has_a_bound_and_its_number_is_said(void **state)
{
	char text[TEXT_SIZE];

	(void)state;
	capture(say_much_of_strangers, text);
	size_t said = count_of(text, ": x\n");
	assert_in_range(said, 10, 200);
	char more[64];
	snprintf(more, sizeof more, ": %zu more lines about", 1000 - said);
	assert_non_null(strstr(text, more));
	assert_int_equal(count_of(text, ": later\n"), 1);
	assert_int_equal(count_of(text, ": y\n"), 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_can_not_make_a_line_of_its_own),
		cmocka_unit_test(what_a_client_was_told_is_no_warning),
		cmocka_unit_test(what_strangers_make_us_say_has_a_bound_and_its_number_is_said),
	};

	setenv("JOURNAL_STREAM", "0:0", 1);
	log_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
