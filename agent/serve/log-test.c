/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/serve/log.h"
#include "base/report.h"
#include "base/test.h"

enum { TEXT_SIZE = 512 };

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_can_not_make_a_line_of_its_own),
		cmocka_unit_test(what_a_client_was_told_is_no_warning),
	};

	setenv("JOURNAL_STREAM", "0:0", 1);
	log_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
