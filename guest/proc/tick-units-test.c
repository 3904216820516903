/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include "base/checked.h"
#include "guest/proc/tick-units.h"

static void a_tick_of_each_kernel_is_counted_in_milliseconds_as_it_does(void **state)
{
	/* TICK_NSEC of each CONFIG_HZ; milliseconds by jiffies_to_msecs(). */
	static const struct {
		uint64_t tick_ns, hz, count, ms;
	} cases[] = {
		{10000000, 100, 7, 70},	   {4000000, 250, 1, 4},	 {4000000, 250, 15000, 60000},
		{3333333, 300, 1, 4},	   {3333333, 300, 2, 7},	 {3333333, 300, 3, 10},
		{3333333, 300, 300, 1000}, {3333333, 300, 18000, 60000}, {1000000, 1000, 1234, 1234},
		{500000, 2000, 3, 2},
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		assert_int_equal(tick_units_hz(cases[i].tick_ns), cases[i].hz);
		assert_int_equal(tick_units_ms(cases[i].count, cases[i].hz), cases[i].ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tick_of_each_kernel_is_counted_in_milliseconds_as_it_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
