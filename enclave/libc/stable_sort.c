/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Beside the file: inside musl there is no module. */
#include "stable_sort.h"

/* Most arrays are small (glibc's limit is the same). */
#define SMALL_SIZE 1024

struct sort {
	size_t element_size;
	libc_compare_fn *compare;
	void *context;
	char *scratch; /* as large as the array */
};

/* Merge two sorted neighbours. What is left of the right one when the left one has ended is in its place already. */
static void merge(const struct sort *sort, char *elements, size_t left_count, size_t right_count)
{
	const char *left = elements, *right = elements + left_count * sort->element_size;
	char *out = sort->scratch;

	while (left_count > 0 && right_count > 0) {
		/* The left one of equals: this is what keeps their order. */
		if (sort->compare(left, right, sort->context) <= 0) {
			memcpy(out, left, sort->element_size);
			left += sort->element_size;
			left_count--;
		} else {
			memcpy(out, right, sort->element_size);
			right += sort->element_size;
			right_count--;
		}
		out += sort->element_size;
	}
	memcpy(out, left, left_count * sort->element_size);
	out += left_count * sort->element_size;
	memcpy(elements, sort->scratch, (size_t)(out - sort->scratch));
}

/* Halves at each step: at most 64 deep. */
static void sort_range(const struct sort *sort, char *elements, size_t count)
{
	size_t left_count = count / 2;

	if (count < 2)
		return;
	sort_range(sort, elements, left_count);
	sort_range(sort, elements + left_count * sort->element_size, count - left_count);
	merge(sort, elements, left_count, count - left_count);
}

bool libc_stable_sort(void *elements, size_t count, size_t element_size, libc_compare_fn *compare, void *context)
{
	char small[SMALL_SIZE];
	struct sort sort = {.element_size = element_size, .compare = compare, .context = context, .scratch = small};
	size_t size = 0;
	int saved = errno;

	if (__builtin_mul_overflow(count, element_size, &size))
		return false;
	if (size > sizeof(small))
		sort.scratch = malloc(size);
	if (!sort.scratch) {
		errno = saved;
		return false;
	}
	sort_range(&sort, elements, count);
	if (sort.scratch != small)
		free(sort.scratch);
	return true;
}
