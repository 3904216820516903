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
	assert_true(memory_unmap(image_heap, memory_size()));
	assert_non_null(memory_map(memory_size()));
	assert_true(memory_unmap(image_heap, memory_size()));
	assert_int_equal(memory_used_size(), 0);
	memset(image_heap, 0xee, memory_size());
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

static void what_is_in_use_is_noted_in_the_heaps_last_page(void **state)
{
	assert_int_equal(memory_size(), sizeof image_heap - PAGE);
	uint8_t *all = memory_map(memory_size());

	assert_ptr_equal(all, image_heap);
	memset(all, 0xff, memory_size());
	assert_true(memory_unmap(all, PAGE));
	assert_ptr_equal(memory_map(PAGE), all);
	assert_int_equal(memory_used_size(), memory_size());
}

static void more_than_there_is_is_refused(void **state)
{
	assert_null(memory_map(memory_size() + 1));
	assert_null(memory_map(SIZE_MAX));
	assert_null(memory_map(SIZE_MAX - PAGE));
	assert_null(memory_map(0));
	assert_non_null(memory_map(memory_size()));
	assert_null(memory_map(1));
}

static void ranges_outside_the_heap_are_refused(void **state)
{
	assert_false(memory_unmap((void *)((uintptr_t)image_heap - PAGE), PAGE));
	assert_false(memory_unmap((void *)((uintptr_t)image_heap + memory_size()), PAGE));
	assert_false(memory_unmap((void *)((uintptr_t)image_heap + memory_size() - PAGE), 2 * PAGE));
	assert_false(memory_unmap(image_heap + 1, PAGE));
	assert_false(memory_unmap(image_heap, SIZE_MAX));
	assert_false(memory_map_at(image_stack, PAGE));
	assert_false(memory_owns(image_heap + memory_size() - 1, 2));
	assert_true(memory_owns(image_heap + memory_size() - 1, 1));
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
static void a_mapping_that_moves_may_take_its_own_place(void **state)
{
	(void)state;
	/* A hole, what is to grow, and something behind it: half of the heap is in use, and more than half is asked
	 * for. */
	uint8_t *hole = memory_map(20 * PAGE), *text = memory_map(24 * PAGE), *behind = memory_map(2 * PAGE);

	memset(hole, 0xee, 20 * PAGE);
	for (size_t i = 0; i < 24; i++)
		memset(text + i * PAGE, (int)(i + 1), PAGE);
	memset(behind, 0xbb, 2 * PAGE);
	assert_true(memory_unmap(hole, 20 * PAGE));
	assert_null(memory_remap(text, 24 * PAGE, 45 * PAGE, true));
	assert_int_equal(memory_used_size(), 26 * PAGE);
	assert_ptr_equal(memory_remap(text, 24 * PAGE, 44 * PAGE, true), hole);
	for (size_t i = 0; i < 44; i++)
		for (size_t j = 0; j < PAGE; j += 512)
			assert_int_equal(hole[i * PAGE + j], i < 24 ? i + 1 : 0);
	assert_int_equal(behind[0], 0xbb);
	assert_int_equal(memory_used_size(), 46 * PAGE);
}

static long ask(size_t size)
{
	return image_syscall(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void what_the_program_was_refused_is_said_once_with_what_to_raise(void **state)
{
	unsigned int before = hostile.report_count;

	(void)state;
	memory_report_refused();
	assert_int_equal(hostile.report_count, before);
	assert_int_equal(ask(memory_size() + PAGE), -ENOMEM);
	assert_int_equal(ask(memory_size() + 3 * PAGE), -ENOMEM);
	report_sink_set(hostile_sink, NULL); /* the first system call chose its own */
	memory_report_refused();
	assert_int_equal(hostile.report_count, before + 1);
	assert_int_equal(hostile.last_fault, STATUS_NO_MEMORY);
	assert_non_null(strstr(hostile.last_message, "asked for 256 KiB more when its heap of 252 KiB was too full"));
	assert_non_null(strstr(hostile.last_message, "raise `heap` in its manifest"));
	memory_report_refused();
	assert_int_equal(hostile.report_count, before + 1);
}

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
		cmocka_unit_test_setup(what_is_in_use_is_noted_in_the_heaps_last_page, setup),
		cmocka_unit_test_setup(more_than_there_is_is_refused, setup),
		cmocka_unit_test_setup(ranges_outside_the_heap_are_refused, setup),
		cmocka_unit_test_setup(a_mapping_grows_in_place_or_moves, setup),
		cmocka_unit_test_setup(a_mapping_that_moves_may_take_its_own_place, setup),
		cmocka_unit_test_setup(what_the_program_was_refused_is_said_once_with_what_to_raise, setup),
		cmocka_unit_test_setup(a_random_walk_keeps_mappings_apart, setup),
	};

	hostile_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
