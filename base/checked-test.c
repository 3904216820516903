/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/checked.h"
#include "base/test.h"

static void a_sum_that_wraps_is_refused(void **state)
{
	uint64_t sum = 77;

	(void)state;
	assert_true(checked_add(UINT64_MAX - 1, 1, &sum));
	assert_true(sum == UINT64_MAX);
	sum = 77;
	assert_false(checked_add(UINT64_MAX, 1, &sum));
	assert_false(checked_add(1, UINT64_MAX, &sum));
	assert_false(checked_add(UINT64_C(1) << 63, UINT64_C(1) << 63, &sum));
	assert_int_equal(sum, 77);
}

static void a_product_that_wraps_is_refused(void **state)
{
	uint64_t product = 77;

	(void)state;
	assert_true(checked_multiply(UINT64_C(1) << 32, UINT32_MAX, &product));
	assert_true(product == (uint64_t)UINT32_MAX << 32);
	product = 77;
	assert_false(checked_multiply(UINT64_C(1) << 32, UINT64_C(1) << 32, &product));
	assert_false(checked_multiply(UINT64_MAX, 2, &product));
	assert_int_equal(product, 77);
	assert_true(checked_multiply(UINT64_MAX, 0, &product));
	assert_int_equal(product, 0);
}

static void within_counts_to_the_last_byte(void **state)
{
	(void)state;
	assert_true(checked_within(0, 10, 10));
	assert_true(checked_within(9, 1, 10));
	assert_true(checked_within(10, 0, 10));
	assert_false(checked_within(9, 2, 10));
	assert_false(checked_within(10, 1, 10));
	assert_false(checked_within(11, 0, 10));
	assert_false(checked_within(0, 11, 10));
	assert_true(checked_within(0, UINT64_MAX, UINT64_MAX));
}

static void within_never_wraps(void **state)
{
	(void)state;
	assert_false(checked_within(UINT64_MAX, 2, 10));
	assert_false(checked_within(UINT64_MAX - 1, 4, UINT64_MAX));
	assert_false(checked_within(2, UINT64_MAX, 10));
	assert_false(checked_within(1, UINT64_MAX, UINT64_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sum_that_wraps_is_refused),
		cmocka_unit_test(a_product_that_wraps_is_refused),
		cmocka_unit_test(within_counts_to_the_last_byte),
		cmocka_unit_test(within_never_wraps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
