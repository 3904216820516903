/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/patience.h"
#include "base/test.h"

static uint32_t skips(struct patience *patience)
{
	uint32_t count = 0;

	while (!patience_may_look(patience))
		assert_true(++count <= PATIENCE_PENALTY_MAX);
	return count;
}

static void it_looks_always_while_something_comes(void **state)
{
	struct patience patience = {0};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_true(patience_may_look(&patience));
		patience_note(&patience, true);
	}
}

static void each_vain_look_is_followed_by_twice_as_many_sleeps_up_to_a_limit(void **state)
{
	struct patience patience = {0};

	(void)state;
	for (uint32_t expected = 1; expected <= PATIENCE_PENALTY_MAX; expected *= 2) {
		patience_note(&patience, false);
		assert_int_equal(skips(&patience), expected);
	}
	for (int i = 0; i < 10; i++) {
		patience_note(&patience, false);
		assert_int_equal(skips(&patience), PATIENCE_PENALTY_MAX);
	}
}

static void one_success_forgives_all(void **state)
{
	struct patience patience = {0};

	(void)state;
	for (int i = 0; i < 20; i++) {
		patience_note(&patience, false);
		skips(&patience);
	}
	patience_note(&patience, true);
	assert_true(patience_may_look(&patience));
	patience_note(&patience, false);
	assert_int_equal(skips(&patience), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_looks_always_while_something_comes),
		cmocka_unit_test(each_vain_look_is_followed_by_twice_as_many_sleeps_up_to_a_limit),
		cmocka_unit_test(one_success_forgives_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
