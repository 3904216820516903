/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/seq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"

struct taken {
	char *data;
	size_t size;
	char *fault;
};

static struct taken take(struct seq *seq)
{
	struct taken text = {0};

	assert_int_equal(seq_take(seq, &text.data, &text.size, &text.fault), STATUS_OK);
	return text;
}

static void drop(struct taken *text)
{
	free(text->data);
	free(text->fault);
}

static int create(void **state)
{
	struct seq *seq = NULL;

	assert_int_equal(seq_create(&seq), STATUS_OK);
	*state = seq;
	return 0;
}

static int destroy(void **state)
{
	seq_destroy(*state);
	return 0;
}

static void a_refusal_is_no_fault(void **state)
{
	struct seq *seq = *state;

	assert_int_equal(seq_refusal(seq), 0);
	seq_puts(seq, "head");
	seq_refuse(seq, 22);
	assert_int_equal(seq_refusal(seq), 22);
	struct taken text = take(seq);
	assert_int_equal(text.size, strlen("head"));
	assert_null(text.fault);
	drop(&text);
}

static void a_line_is_padded_from_where_its_width_was_set(void **state)
{
	struct seq *seq = *state;

	seq_puts(seq, "head");
	seq_setwidth(seq, 6);
	seq_printf(seq, "%d:%s", 7, "x");
	seq_pad(seq, '\n');
	struct taken text = take(seq);
	assert_int_equal(text.size, strlen("head7:x   \n"));
	assert_memory_equal(text.data, "head7:x   \n", text.size);
	assert_null(text.fault);
	drop(&text);
}

/* Against the C library's, for all that files use and some that they don't. */
#define CHECK_PRINTF(...)                                                               \
	do {                                                                            \
		char expected[256];                                                     \
		size_t size = (size_t)snprintf(expected, sizeof expected, __VA_ARGS__); \
		seq_printf(seq, __VA_ARGS__);                                           \
		struct taken text = take(seq);                                          \
		assert_int_equal(text.size, size);                                      \
		assert_memory_equal(text.data, expected, size);                         \
		drop(&text);                                                            \
	} while (0)

static void formats_give_what_the_c_library_gives(void **state)
{
	static const long long values[] = {0, 1, -1, 9, 10, -10, 255, 4096, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
	struct seq *seq = *state;

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		long long v = values[i];

		CHECK_PRINTF("%d|%u|%x|%X|%c", (int)v, (unsigned)v, (unsigned)v, (unsigned)v, 'a');
		CHECK_PRINTF("%ld %lu %lx %lX", (long)v, (unsigned long)v, (unsigned long)v, (unsigned long)v);
		CHECK_PRINTF("%lld %llu %llx %llX", v, (unsigned long long)v, (unsigned long long)v,
			     (unsigned long long)v);
		CHECK_PRINTF("%8d|%-8d|%08d|%08X|%-8x|", (int)v, (int)v, (int)v, (unsigned)v, (unsigned)v);
		CHECK_PRINTF("%2d|%02d|%016llx|%*u|%0*llx|", (int)v, (int)v, (unsigned long long)v, 12, (unsigned)v, 20,
			     (unsigned long long)v);
		CHECK_PRINTF("%#x %+d % d %.3d %#04o %zu %hd", (unsigned)v, (int)v, (int)v, (int)v, (unsigned)v,
			     (size_t)v, (short)v);
	}
	CHECK_PRINTF("%s|%8s|%-8s|%.2s|%%|%5c|%-5c|%*s", "text", "text", "text", "text", 'c', 'c', -9, "left");
	CHECK_PRINTF("%100d %0100d", 1, -1);
	CHECK_PRINTF("nothing");
}

static void a_line_longer_than_its_width_only_gets_its_end(void **state)
{
	struct seq *seq = *state;

	seq_setwidth(seq, 2);
	seq_puts(seq, "long");
	seq_pad(seq, '\n');
	seq_setwidth(seq, 3);
	seq_pad(seq, '\0');
	struct taken text = take(seq);
	assert_int_equal(text.size, strlen("long\n   "));
	assert_memory_equal(text.data, "long\n   ", text.size);
	drop(&text);
}

static void a_rewound_record_leaves_no_trace(void **state)
{
	struct seq *seq = *state;

	seq_puts(seq, "kept\n");
	size_t mark = seq_size(seq);
	seq_puts(seq, "torn rec");
	seq_rewind(seq, mark);
	seq_rewind(seq, mark + 100); /* never forward */
	seq_puts(seq, "next\n");
	struct taken text = take(seq);
	assert_int_equal(text.size, strlen("kept\nnext\n"));
	assert_memory_equal(text.data, "kept\nnext\n", text.size);
	drop(&text);
}

static void the_first_fault_is_kept_and_the_rest_counted(void **state)
{
	struct seq *seq = *state;

	seq_fault(seq, "row %d", 1);
	seq_fault(seq, "row %d", 2);
	seq_fault(seq, "row %d", 3);
	struct taken text = take(seq);
	assert_string_equal(text.fault, "row 1 (and 2 more)");
	drop(&text);
}

static void a_text_beyond_the_limit_is_marked_as_cut(void **state)
{
	struct seq *seq = *state;
	enum { CHUNK = 1 << 20 };
	char *chunk = malloc(CHUNK);

	assert_non_null(chunk);
	memset(chunk, 'a', CHUNK);
	for (int i = 0; i < SEQ_SIZE_MAX / CHUNK; i++)
		seq_write(seq, chunk, CHUNK);
	assert_int_equal(seq_size(seq), SEQ_SIZE_MAX);
	seq_putc(seq, 'b');
	assert_int_equal(seq_size(seq), SEQ_SIZE_MAX);
	struct taken text = take(seq);
	assert_non_null(text.fault);
	assert_non_null(strstr(text.fault, "cut"));
	drop(&text);
	free(chunk);
}

static void a_record_beyond_its_limit_is_missed_and_marked(void **state)
{
	struct seq *seq = *state;

	seq_puts(seq, "a");
	seq_printf(seq, "%*s", SEQ_RECORD_SIZE_MAX, "x");
	assert_int_equal(seq_size(seq), 1);
	seq_printf(seq, "%*s", SEQ_RECORD_SIZE_MAX - 1, "x");
	assert_int_equal(seq_size(seq), SEQ_RECORD_SIZE_MAX);
	struct taken text = take(seq);
	assert_non_null(text.fault);
	drop(&text);
}

enum {
	PIECE_COUNT = 5000,
	PIECE_SIZE = 1000,
};

/* What a generator does: a head, pieces, each with its number, and a foot. Tells how many pieces were made. */
static uint32_t generate(struct seq *seq)
{
	uint32_t made = 0, count = seq_start_count(seq);

	seq_puts(seq, "head\n");
	for (uint32_t i = 0; i < PIECE_COUNT && !seq_is_full(seq); i++) {
		if (!seq_begins(seq, UINT64_C(1) + i, count))
			continue;
		seq_printf(seq, "%d %0*d\n", count++, PIECE_SIZE - 10, i);
		made++;
	}
	seq_puts(seq, "foot\n");
	return made;
}

static struct taken part_from(const struct seq_place *start, struct seq_place *ret_next, bool *ret_has_more,
			      uint32_t *made)
{
	struct seq *seq = NULL;
	struct taken text;

	assert_int_equal(seq_create(&seq), STATUS_OK);
	seq_want_part(seq, start);
	*made += generate(seq);
	*ret_has_more = seq_has_more(seq, ret_next);
	text = take(seq);
	seq_destroy(seq);
	return text;
}

static void assert_parts_are_the_text(struct seq *seq, uint32_t part_size)
{
	struct seq_place place = {.part_size = part_size};
	bool has_more = true;
	size_t at = 0;
	uint32_t made = 0;

	generate(seq);
	struct taken whole = take(seq);
	while (has_more) {
		struct taken part = part_from(&place, &place, &has_more, &made);

		assert_null(part.fault);
		assert_true(part.size <= (part_size != 0 ? part_size : SEQ_PART_SIZE) + PIECE_SIZE);
		assert_true(part.size > 0 && part.size <= whole.size - at);
		assert_memory_equal(part.data, whole.data + at, part.size);
		at += part.size;
		drop(&part);
	}
	assert_int_equal(at, whole.size);
	assert_int_equal(made, PIECE_COUNT); /* none twice */
	drop(&whole);
}

static void the_parts_of_a_text_are_the_text(void **state)
{
	assert_parts_are_the_text(*state, 0);
}

static void parts_of_less_than_a_piece_are_pieces(void **state)
{
	assert_parts_are_the_text(*state, 1);
}

static void a_part_that_cannot_be_found_again_is_a_fault(void **state)
{
	struct seq *seq = *state;
	const struct seq_place beyond = {.place = PIECE_COUNT + 1};

	seq_want_part(seq, &beyond);
	generate(seq);
	struct taken text = take(seq);
	assert_int_equal(text.size, 0);
	assert_non_null(text.fault);
	drop(&text);
}

static void places_that_do_not_rise_go_with_the_piece_before(void **state)
{
	struct seq *seq = *state;
	const struct seq_place beginning = {0};
	struct seq_place next;

	seq_want_part(seq, &beginning);
	for (int i = 0; i < 2 * PIECE_COUNT; i++)
		if (seq_begins(seq, 1 + (uint64_t)(i % PIECE_COUNT), 0))
			seq_printf(seq, "%0*d\n", 300, i);
	assert_true(seq_has_more(seq, &next) == (PIECE_COUNT * 301 > SEQ_PART_SIZE));
	assert_int_equal(seq_size(seq), 2 * PIECE_COUNT * 301);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_refusal_is_no_fault, create, destroy),
		cmocka_unit_test_setup_teardown(a_line_is_padded_from_where_its_width_was_set, create, destroy),
		cmocka_unit_test_setup_teardown(formats_give_what_the_c_library_gives, create, destroy),
		cmocka_unit_test_setup_teardown(a_line_longer_than_its_width_only_gets_its_end, create, destroy),
		cmocka_unit_test_setup_teardown(a_rewound_record_leaves_no_trace, create, destroy),
		cmocka_unit_test_setup_teardown(the_first_fault_is_kept_and_the_rest_counted, create, destroy),
		cmocka_unit_test_setup_teardown(a_text_beyond_the_limit_is_marked_as_cut, create, destroy),
		cmocka_unit_test_setup_teardown(the_parts_of_a_text_are_the_text, create, destroy),
		cmocka_unit_test_setup_teardown(parts_of_less_than_a_piece_are_pieces, create, destroy),
		cmocka_unit_test_setup_teardown(a_part_that_cannot_be_found_again_is_a_fault, create, destroy),
		cmocka_unit_test_setup_teardown(places_that_do_not_rise_go_with_the_piece_before, create, destroy),
		cmocka_unit_test_setup_teardown(a_record_beyond_its_limit_is_missed_and_marked, create, destroy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
