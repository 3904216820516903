/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is expected was written by hand from the kernel's own test cases
 * (lib/test_printf.c, lib/test-string_helpers.c) and by a calculator. */
#include "guest/proc/format.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "guest/proc/seq.h"

static void expect(struct seq *seq, const char *text, bool has_fault)
{
	char *data = NULL, *fault = NULL;
	size_t size = 0;

	assert_int_equal(seq_take(seq, &data, &size, &fault), STATUS_OK);
	assert_int_equal(size, strlen(text));
	assert_memory_equal(data, text, size);
	assert_int_equal(fault != NULL, has_fault);
	free(data);
	free(fault);
	seq_destroy(seq);
}

static struct seq *create(void)
{
	struct seq *seq = NULL;

	assert_int_equal(seq_create(&seq), STATUS_OK);
	return seq;
}

static void expect_bitmap(const uint64_t *words, uint32_t bit_count, const char *text)
{
	struct seq *seq = create();

	seq_bitmap(seq, words, bit_count);
	expect(seq, text, false);
}

static void expect_list(const uint64_t *words, uint32_t bit_count, const char *text)
{
	struct seq *seq = create();

	seq_bitmap_list(seq, words, bit_count);
	expect(seq, text, false);
}

static void a_mask_is_as_wide_as_its_bits(void **state)
{
	(void)state;
	expect_bitmap((uint64_t[]){1}, 1, "1");
	expect_bitmap((uint64_t[]){0x1f}, 5, "1f");
	expect_bitmap((uint64_t[]){0x3}, 32, "00000003");
	expect_bitmap((uint64_t[]){0x1ffffffff}, 33, "1,ffffffff");
	expect_bitmap((uint64_t[]){0x8000000000000000, 0x5}, 67, "5,80000000,00000000");
}

static void bits_beyond_the_mask_are_not_shown(void **state)
{
	(void)state;
	expect_bitmap((uint64_t[]){0xff}, 3, "7");
	expect_list((uint64_t[]){0xff}, 3, "0-2");
}

static void a_list_joins_neighbours(void **state)
{
	(void)state;
	expect_list((uint64_t[]){0}, 8, "");
	expect_list((uint64_t[]){0x2f}, 8, "0-3,5");
	expect_list((uint64_t[]){0xc000000000000001, 0x1}, 128, "0,62-64");
}

static void a_mask_beyond_any_kernels_is_a_fault(void **state)
{
	struct seq *seq = create();

	(void)state;
	seq_bitmap(seq, (uint64_t[]){0}, UINT32_MAX);
	expect(seq, "", true);
}

static void names_keep_all_but_line_feeds_and_backslashes(void **state)
{
	struct seq *seq = create();

	(void)state;
	seq_escape_name(seq, "a b\t\n\\c\"\x01");
	expect(seq, "a b\t\\n\\\\c\"\x01", false);
}

static void scaling_has_128_bits_on_the_way(void **state)
{
	(void)state;
	assert_int_equal(format_scale(10, 10, 3), 33);
	/* 2⁶³ · 3 / 4 */
	assert_int_equal(format_scale(0x8000000000000000, 3, 4), 0x6000000000000000);
	assert_int_equal(format_scale(123456789012345678, 987654321098765432, 1111111111111111111), 109739368023319614);
}

static void what_does_not_fit_is_told_by_the_largest_number(void **state)
{
	(void)state;
	assert_int_equal(format_scale(UINT64_MAX, 2, 1), UINT64_MAX);
	assert_int_equal(format_scale(1, 1, 0), UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mask_is_as_wide_as_its_bits),
		cmocka_unit_test(bits_beyond_the_mask_are_not_shown),
		cmocka_unit_test(a_list_joins_neighbours),
		cmocka_unit_test(a_mask_beyond_any_kernels_is_a_fault),
		cmocka_unit_test(names_keep_all_but_line_feeds_and_backslashes),
		cmocka_unit_test(scaling_has_128_bits_on_the_way),
		cmocka_unit_test(what_does_not_fit_is_told_by_the_largest_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
