/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/siphash.h"

#include "base/test.h"

/* The reference implementation's vectors_sip64[8]: key 00 01 … 0f, message
 * 00 01 … 07; the kernel's lib/tests/siphash_kunit.c checks the same. */
static void the_published_vector_is_met(void **state)
{
	(void)state;
	assert_true(siphash_1u64(0x0706050403020100, 0x0706050403020100, 0x0f0e0d0c0b0a0908) == 0x93f5f5799a932462);
}

/* vectors_sip64[0], [15] and [63] of the same: nothing, a rest that fills no
 * word (the paper's own example), and the longest. */
static void messages_of_any_length_meet_the_published_vectors(void **state)
{
	static const struct {
		size_t size;
		uint64_t hash;
	} vectors[] = {{0, 0x726fdb47dd0e0e31}, {15, 0xa129ca6149be45e5}, {63, 0x958a324ceb064572}};
	uint8_t message[64];

	(void)state;
	for (size_t i = 0; i < sizeof message; i++)
		message[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
		assert_true(siphash(message, vectors[i].size, 0x0706050403020100, 0x0f0e0d0c0b0a0908) ==
			    vectors[i].hash);
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
		cmocka_unit_test(messages_of_any_length_meet_the_published_vectors),
		cmocka_unit_test(each_half_of_the_key_matters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
