/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/seq.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_is_padded_from_where_its_width_was_set, create, destroy),
		cmocka_unit_test_setup_teardown(a_line_longer_than_its_width_only_gets_its_end, create, destroy),
		cmocka_unit_test_setup_teardown(a_rewound_record_leaves_no_trace, create, destroy),
		cmocka_unit_test_setup_teardown(the_first_fault_is_kept_and_the_rest_counted, create, destroy),
		cmocka_unit_test_setup_teardown(a_text_beyond_the_limit_is_marked_as_cut, create, destroy),
		cmocka_unit_test_setup_teardown(a_record_beyond_its_limit_is_missed_and_marked, create, destroy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
