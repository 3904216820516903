/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <string.h>

#include "base/report.h"
#include "firmware/crypto/primitives.h"
#include "link/vectors.h"

struct count {
	unsigned run, failed;
};

static void hear(void *context, const char *name, bool holds)
{
	struct count *count = context;

	count->run++;
	if (!holds) {
		count->failed++;
		print_error("doesn't hold: %s\n", name);
	}
}

static void published_vectors_hold_with_bearssl(void **state)
{
	const struct link_primitives *primitives;
	struct count count = {0};

	(void)state;
	assert_int_equal(firmware_primitives(&primitives), STATUS_OK);
	link_vectors_run(primitives, hear, &count);
	print_message("%s: %u vectors\n", primitives->name, count.run);
	assert_int_equal(count.failed, 0);
	assert_true(count.run > 90);
}

static void a_key_that_was_moved_seals_the_same(void **state)
{
	static const uint8_t secret[LINK_KEY_SIZE] = {1, 2, 3}, nonce[LINK_NONCE_SIZE] = {4};
	const struct span plain = {(const uint8_t *)"to be sealed", 12}, nothing = {0};
	uint8_t first[12 + LINK_TAG_SIZE], second[12 + LINK_TAG_SIZE];
	struct link_aead_key key, moved;
	const struct link_primitives *primitives;

	(void)state;
	assert_int_equal(firmware_primitives(&primitives), STATUS_OK);
	primitives->aead_init(&key, secret);
	moved = key;
	assert_int_equal(primitives->aead_seal(&key, nonce, nothing, plain, first), STATUS_OK);
	memset(&key, 0xaa, sizeof key);
	assert_int_equal(primitives->aead_seal(&moved, nonce, nothing, plain, second), STATUS_OK);
	assert_memory_equal(first, second, sizeof first);
}

static unsigned draws_left;
static uint8_t drawn;

static bool draw_ones(void *destination, size_t size)
{
	memset(destination, 0xff, size);
	return true;
}

static bool draw_counted(void *destination, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)destination)[i] = drawn++;
	return draws_left-- > 0;
}

static void a_generator_that_says_one_number_or_nothing_makes_no_keys(void **state)
{
	uint8_t key[LINK_KEY_SIZE];

	(void)state;
	assert_int_equal(firmware_random_from(draw_ones, key, sizeof key), STATUS_IO);
	for (draws_left = 0; draws_left < 2;) {
		const unsigned left = draws_left;

		assert_int_equal(firmware_random_from(draw_counted, key, sizeof key), STATUS_IO);
		draws_left = left + 1;
	}
	assert_int_equal(firmware_random_from(draw_counted, key, sizeof key), STATUS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors_hold_with_bearssl),
		cmocka_unit_test(a_key_that_was_moved_seals_the_same),
		cmocka_unit_test(a_generator_that_says_one_number_or_nothing_makes_no_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
