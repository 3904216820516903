/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <errno.h>

#include "enclave/runtime/hostile-host.h"
#include "enclave/runtime/output.h"

static int setup(void **state)
{
	(void)state;
	hostile_init();
	output_sink_set(NULL, NULL);
	return 0;
}

static void without_a_sink_words_leave_in_clear(void **state)
{
	(void)state;
	hostile.result = 3;
	assert_int_equal(output_write(OUTPUT_PROGRAM, "abc", 3), 3);
	assert_int_equal(hostile.last.number, SYS_write);
	assert_int_equal(hostile.last.argument[0], 1);
	assert_int_equal(output_write(OUTPUT_ERROR, "abc", 3), 3);
	assert_int_equal(hostile.last.argument[0], 2);
	assert_int_equal(output_write(OUTPUT_REPORT, "abc", 3), 3);
	assert_int_equal(hostile.last.argument[0], 2);
}

/* Keeps what the program prints to itself. */
static long closed_sink(void *context, enum output_stream stream, const void *buffer, size_t size)
{
	*(size_t *)context += size;
	return stream == OUTPUT_REPORT ? output_write_clear(stream, buffer, size) : -EPERM;
}

static void a_sink_decides_what_leaves(void **state)
{
	size_t seen = 0;

	(void)state;
	output_sink_set(closed_sink, &seen);
	hostile.result = 3;
	assert_int_equal(output_write(OUTPUT_PROGRAM, "abc", 3), -EPERM);
	assert_int_equal(output_write(OUTPUT_ERROR, "abc", 3), -EPERM);
	assert_int_equal(hostile.call_count, 0);
	assert_int_equal(output_write(OUTPUT_REPORT, "abc", 3), 3);
	assert_int_equal(hostile.call_count, 1);
	assert_int_equal(seen, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_a_sink_words_leave_in_clear, setup),
		cmocka_unit_test_setup(a_sink_decides_what_leaves, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
