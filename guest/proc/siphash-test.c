/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/siphash.h"

#include "base/test.h"

/* The reference implementation's vectors_sip64[8]: key 00 01 … 0f, message
 * 00 01 … 07; the kernel's lib/tests/siphash_kunit.c checks the same. */
static void the_published_vector_is_met(void **state)
{
	(void)state;
	assert_true(siphash_1u64(0x0706050403020100, 0x0706050403020100, 0x0f0e0d0c0b0a0908) == 0x93f5f5799a932462);
}

static void each_half_of_the_key_matters(void **state)
{
	(void)state;
	uint64_t plain = siphash_1u64(1, 2, 3);

	assert_true(plain != siphash_1u64(1, 2, 4));
	assert_true(plain != siphash_1u64(1, 4, 3));
	assert_true(plain != siphash_1u64(4, 2, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_vector_is_met),
		cmocka_unit_test(each_half_of_the_key_matters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
