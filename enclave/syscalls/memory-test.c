/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "enclave/runtime/hostile-host.h"
#include "enclave/syscalls/memory.h"
#include "enclave/syscalls/syscalls.h"
#include "enclave/vfs/fake-proc.h"

enum { PAGE = 4096, PAGE_COUNT = 64 };

static int setup(void **state)
{
	(void)state;
	/* Every page was somebody's before, who left something in it. */
	assert_true(memory_unmap(image_heap, image_heap_size));
	assert_non_null(memory_map(image_heap_size));
	assert_true(memory_unmap(image_heap, image_heap_size));
	assert_int_equal(memory_used_size(), 0);
	memset(image_heap, 0xee, image_heap_size);
	return 0;
}

static void pages_are_fresh_and_do_not_overlap(void **state)
{
	uint8_t *a = memory_map(1), *b = memory_map(PAGE + 1);

	assert_ptr_equal(a, image_heap);
	assert_ptr_equal(b, image_heap + PAGE);
	for (size_t i = 0; i < 2 * PAGE; i++)
		assert_int_equal(b[i], 0);
	assert_int_equal(memory_used_size(), 3 * PAGE);
}

static void a_hole_is_taken_if_it_is_large_enough(void **state)
{
	uint8_t *a = memory_map(2 * PAGE), *b = memory_map(PAGE);

	assert_non_null(b);
	assert_true(memory_unmap(a, 2 * PAGE));
	assert_ptr_equal(memory_map(3 * PAGE), b + PAGE);
	assert_ptr_equal(memory_map(2 * PAGE), a);
}

static void more_than_there_is_is_refused(void **state)
{
	assert_null(memory_map(image_heap_size + 1));
	assert_null(memory_map(SIZE_MAX));
	assert_null(memory_map(SIZE_MAX - PAGE));
	assert_null(memory_map(0));
	assert_non_null(memory_map(image_heap_size));
	assert_null(memory_map(1));
}

static void ranges_outside_the_heap_are_refused(void **state)
{
	assert_false(memory_unmap((void *)((uintptr_t)image_heap - PAGE), PAGE));
	assert_false(memory_unmap((void *)((uintptr_t)image_heap + image_heap_size), PAGE));
	assert_false(memory_unmap((void *)((uintptr_t)image_heap + image_heap_size - PAGE), 2 * PAGE));
	assert_false(memory_unmap(image_heap + 1, PAGE));
	assert_false(memory_unmap(image_heap, SIZE_MAX));
	assert_false(memory_map_at(image_stack, PAGE));
	assert_false(memory_owns(image_heap + image_heap_size - 1, 2));
	assert_true(memory_owns(image_heap + image_heap_size - 1, 1));
	assert_int_equal(image_syscall(SYS_munmap, (long)image_stack, PAGE, 0, 0, 0, 0), -EINVAL);
}

static void a_mapping_grows_in_place_or_moves(void **state)
{
	uint8_t *a = memory_map(PAGE), *b, *moved;

	memset(a, 7, PAGE);
	assert_ptr_equal(memory_remap(a, PAGE, 3 * PAGE, false), a);
	assert_int_equal(a[PAGE], 0);
	b = memory_map(PAGE);
	assert_ptr_equal(b, a + 3 * PAGE);
	assert_null(memory_remap(a, 3 * PAGE, 5 * PAGE, false));
	moved = memory_remap(a, 3 * PAGE, 5 * PAGE, true);
	assert_ptr_equal(moved, b + PAGE);
	assert_int_equal(moved[0], 7);
	assert_int_equal(moved[4 * PAGE], 0);
	assert_ptr_equal(memory_remap(moved, 5 * PAGE, PAGE, false), moved);
	assert_int_equal(memory_used_size(), 2 * PAGE);
}

/* Any mix of calls leaves live mappings disjoint and their contents alone. */
static void a_random_walk_keeps_mappings_apart(void **state)
{
	struct {
		uint8_t *start;
		size_t size;
	} live[16] = {0};

	srandom(1);
	for (int round = 0; round < 20000; round++) {
		size_t slot = (size_t)random() % 16;
		uint8_t mark = (uint8_t)(slot + 1);

		if (live[slot].start != NULL) {
			for (size_t i = 0; i < live[slot].size; i += 512)
				assert_int_equal(live[slot].start[i], mark);
			assert_true(memory_unmap(live[slot].start, live[slot].size));
			live[slot].start = NULL;
			continue;
		}
		live[slot].size = (size_t)(1 + random() % 8) * PAGE;
		live[slot].start = memory_map(live[slot].size);
		if (live[slot].start != NULL)
			memset(live[slot].start, mark, live[slot].size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(pages_are_fresh_and_do_not_overlap, setup),
		cmocka_unit_test_setup(a_hole_is_taken_if_it_is_large_enough, setup),
		cmocka_unit_test_setup(more_than_there_is_is_refused, setup),
		cmocka_unit_test_setup(ranges_outside_the_heap_are_refused, setup),
		cmocka_unit_test_setup(a_mapping_grows_in_place_or_moves, setup),
		cmocka_unit_test_setup(a_random_walk_keeps_mappings_apart, setup),
	};

	hostile_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
