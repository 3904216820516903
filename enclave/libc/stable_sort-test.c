/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "enclave/libc/stable_sort.h"

#define COUNT_MAX 300

/* An element whose key says nothing of where it was, and what does. */
struct card {
	int key;
	int place;
};

struct wide {
	struct card card;
	char filler[93];
};

/* The calls of a comparison, in order. */
struct calls {
	size_t count;
	int keys[COUNT_MAX * 20];
};

static int compare_keys(const void *left, const void *right, void *context)
{
	const struct card *l = left, *r = right;

	return (l->key > r->key) - (l->key < r->key);
}

static int compare_and_note(const void *left, const void *right, void *context)
{
	const struct card *l = left, *r = right;
	struct calls *calls = context;

	calls->keys[calls->count++] = l->place;
	calls->keys[calls->count++] = r->place;
	return compare_keys(left, right, NULL);
}

static int compare_at_random(const void *left, const void *right, void *context)
{
	unsigned int *seed = context;

	*seed = *seed * 1103515245 + 12345;
	return (int)(*seed >> 16) % 3 - 1;
}

static void fill(struct card *cards, size_t count, unsigned int seed, int keys)
{
	for (size_t i = 0; i < count; i++) {
		seed = seed * 1103515245 + 12345;
		cards[i] = (struct card){.key = (int)((seed >> 16) % (unsigned int)keys), .place = (int)i};
	}
}

/* Insertion, which can't exchange equals. */
static void sort_plainly(struct card *cards, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct card card = cards[i];
		size_t hole = i;

		while (hole > 0 && cards[hole - 1].key > card.key) {
			cards[hole] = cards[hole - 1];
			hole--;
		}
		cards[hole] = card;
	}
}

static void equals_keep_their_order(void **state)
{
	struct card ours[COUNT_MAX], plain[COUNT_MAX];

	for (size_t count = 0; count <= COUNT_MAX; count++) {
		for (int keys = 1; keys < 50; keys = keys * 2 + 1) {
			fill(ours, count, (unsigned int)count, keys);
			memcpy(plain, ours, count * sizeof(*ours));
			assert_true(libc_stable_sort(ours, count, sizeof(*ours), compare_keys, NULL));
			sort_plainly(plain, count);
			assert_memory_equal(ours, plain, count * sizeof(*ours));
		}
	}
}

static void elements_of_any_size_are_moved_whole(void **state)
{
	struct wide wide[COUNT_MAX];
	struct card plain[COUNT_MAX];

	fill(plain, COUNT_MAX, 7, 5);
	for (int i = 0; i < COUNT_MAX; i++) {
		wide[i].card = plain[i];
		memset(wide[i].filler, i % 128, sizeof(wide[i].filler));
	}
	assert_true(libc_stable_sort(wide, COUNT_MAX, sizeof(*wide), compare_keys, NULL));
	sort_plainly(plain, COUNT_MAX);
	for (int i = 0; i < COUNT_MAX; i++) {
		assert_memory_equal(&wide[i].card, &plain[i], sizeof(plain[i]));
		for (size_t byte = 0; byte < sizeof(wide[i].filler); byte++)
			assert_int_equal(wide[i].filler[byte], plain[i].place % 128);
	}
}

/* By hand, from stdlib/msort.c: halves, the smaller one first, the left one first. */
static void comparisons_come_in_glibcs_order(void **state)
{
	struct card cards[] = {{3, 0}, {1, 1}, {2, 2}, {1, 3}, {0, 4}};
	const int expected[] = {0, 1, 3, 4, 2, 4, 2, 3, 1, 4, 1, 3, 0, 3, 0, 2};
	struct calls calls = {0};

	assert_true(libc_stable_sort(cards, 5, sizeof(*cards), compare_and_note, &calls));
	assert_int_equal(calls.count, sizeof(expected) / sizeof(*expected));
	assert_memory_equal(calls.keys, expected, sizeof(expected));
}

static void a_comparison_that_contradicts_itself_loses_nothing(void **state)
{
	struct card cards[COUNT_MAX];

	for (unsigned int seed = 1; seed < 100; seed++) {
		bool seen[COUNT_MAX] = {false};
		unsigned int random = seed;

		fill(cards, COUNT_MAX, seed, 5);
		assert_true(libc_stable_sort(cards, COUNT_MAX, sizeof(*cards), compare_at_random, &random));
		for (size_t i = 0; i < COUNT_MAX; i++) {
			assert_false(seen[cards[i].place]);
			seen[cards[i].place] = true;
		}
	}
}

/* Or else AddressSanitizer takes a request that can't be met for an error. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void without_memory_nothing_changes(void **state)
{
	struct card few[] = {{2, 0}, {1, 1}}, sorted[] = {{1, 1}, {2, 0}};

	errno = EEXIST;
	/* More than an address space holds; the first is never touched. */
	assert_false(libc_stable_sort(few, (size_t)1 << 60, 8, compare_keys, NULL));
	assert_false(libc_stable_sort(few, (size_t)1 << 62, 8, compare_keys, NULL));
	assert_int_equal(errno, EEXIST);
	assert_int_equal(few[0].key, 2);
	/* Few need no memory at all. */
	assert_true(libc_stable_sort(few, 2, sizeof(*few), compare_keys, NULL));
	assert_memory_equal(few, sorted, sizeof(few));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_keep_their_order),
		cmocka_unit_test(elements_of_any_size_are_moved_whole),
		cmocka_unit_test(comparisons_come_in_glibcs_order),
		cmocka_unit_test(a_comparison_that_contradicts_itself_loses_nothing),
		cmocka_unit_test(without_memory_nothing_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
