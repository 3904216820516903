/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <stdio.h>

#include "enclave/runtime/hostile-host.h"
#include "enclave/vfs/epoch.h"

static int setup(void **state)
{
	(void)state;
	hostile_init();
	epoch_forget();
	return 0;
}

static void what_is_read_a_second_time_is_wanted_anew(void **state)
{
	(void)state;
	assert_false(epoch_has_seen("/proc/meminfo"));
	assert_false(epoch_has_seen("/proc/1/stat"));
	assert_true(epoch_has_seen("/proc/meminfo"));
	epoch_forget();
	assert_false(epoch_has_seen("/proc/meminfo"));
}

static void the_time_may_be_asked_for_beside_each_process(void **state)
{
	char path[64];

	(void)state;
	for (int i = 1; i <= 1000; i++) {
		snprintf(path, sizeof path, "/proc/%d/stat", i);
		assert_false(epoch_has_seen("/proc/uptime"));
		assert_false(epoch_has_seen(path));
	}
	assert_true(epoch_has_seen("/proc/1/stat"));
}

static void who_waits_for_the_time_to_pass_sees_it_pass(void **state)
{
	(void)state;
	assert_false(epoch_has_seen("/proc/loadavg"));
	assert_false(epoch_has_seen("/proc/uptime"));
	assert_true(epoch_has_seen("/proc/uptime"));
	epoch_forget();
	assert_false(epoch_has_seen("/proc/uptime"));
	assert_true(epoch_has_seen("/proc/uptime"));
}

static void many_questions_end_it(void **state)
{
	(void)state;
	for (int i = 0; i < 65536; i++)
		assert_false(epoch_is_asked_out());
	assert_true(epoch_is_asked_out());
	epoch_forget();
	assert_false(epoch_is_asked_out());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_read_a_second_time_is_wanted_anew, setup),
		cmocka_unit_test_setup(the_time_may_be_asked_for_beside_each_process, setup),
		cmocka_unit_test_setup(who_waits_for_the_time_to_pass_sees_it_pass, setup),
		cmocka_unit_test_setup(many_questions_end_it, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
