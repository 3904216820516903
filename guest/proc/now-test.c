/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/now.h"

#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "guest/kernel/kernel.h"
#include "guest/memory/fake-guest.h"
#include "guest/memory/plan.h"
#include "guest/proc/running.h"

enum {
	RAM_SIZE = 4 << 20,
	ROOT = 0x1000,
	TABLES = 0x2000,
	DATA = 0x100000,
	/* More than one question holds. */
	PART_COUNT = 3 * PAGE_PART_COUNT_MAX,
	STRIDE = 96,
	LINE_COUNT = 256,
	SHOWN = 0, /* at a moment, */
	BESIDE = 4096, /* with this; */
	UNSHOWN = 8192, /* sent, and no moment's; */
	UNPLANNED = 12288,
	BEHIND = 16384, /* sent after the moment */
};
#define DIRECT 0xffff888000000000ULL

static struct fake_guest guest;
static struct guest_kernel kernel;
static void *lines;

/* In place of guest/proc/running.c's. */
struct guest_kernel *proc_running_kernel(void)
{
	return &kernel;
}

static int setup(void **state)
{
	const struct ram_range range = {{0}, RAM_SIZE};
	uint64_t next_table = TABLES;

	(void)state;
	fake_guest_init(&guest, &range, 1, FAKE_CACHE_PAGES);
	kernel = (struct guest_kernel){.memory = &guest.memory, .space = {{ROOT}, 4, GUEST_PHYSICAL_BITS_MAX}};
	for (uint64_t page = DATA; page < DATA + (64 << 10); page += GUEST_PAGE_SIZE)
		fake_guest_map(&guest, &kernel.space, DIRECT + page, page, FAKE_PRESENT, &next_table);
	proc_memory_forget();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_guest_deinit(&guest);
	free(lines);
	lines = NULL;
	return 0;
}

static void put(uint64_t offset, uint64_t value)
{
	memcpy(fake_guest_at(&guest, DATA + offset), &value, sizeof value);
}

/* Notes what this epoch's copy has there. */
static void expect(uint64_t offset)
{
	uint64_t value;

	assert_int_equal(
		guest_memory_read_physical(&guest.memory, (struct guest_pa){DATA + offset}, &value, sizeof value),
		STATUS_OK);
	proc_memory_expect(DIRECT + DATA + offset, &value, sizeof value);
}

static void what_didnt_change_is_still_so(void **state)
{
	(void)state;
	put(0, 1);
	expect(0);
	put(8, 2); /* beside it */
	assert_true(proc_memory_is_still());
}

static void what_changed_after_it_was_copied_is_seen_wherever_it_was_noted(void **state)
{
	(void)state;
	for (uint64_t changed = 0; changed < PART_COUNT; changed += 7) {
		proc_memory_forget();
		assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_OK);
		/* The copies first: noting many of them looks at the first already. */
		for (uint64_t i = 0; i < PART_COUNT; i++)
			assert_int_equal(guest_memory_read_physical(&guest.memory, (struct guest_pa){DATA + i * STRIDE},
								    &(uint64_t){0}, sizeof(uint64_t)),
					 STATUS_OK);
		put(changed * STRIDE, 4711 + changed);
		for (uint64_t i = 0; i < PART_COUNT; i++)
			expect(i * STRIDE);
		assert_false(proc_memory_is_still());
	}
}

static void a_word_that_was_copied_too_early_is_seen_although_it_never_changes_again(void **state)
{
	(void)state;
	/* An entry of a table that was another process's: zero now, and ever after. */
	put(0, 4711);
	expect(8);
	put(0, 0);
	expect(0); /* of the page's copy */
	assert_false(proc_memory_is_still());
}

static void a_command_line_and_its_process_are_one_question(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < PAGE_PART_COUNT_MAX; i++)
		expect(i * STRIDE);
	/* The same parts again. */
	for (uint64_t i = 0; i < PAGE_PART_COUNT_MAX; i++)
		expect(i * STRIDE);
	uint64_t reads = guest.read_count;
	assert_true(proc_memory_is_still());
	assert_int_equal(guest.read_count - reads, PAGE_PART_COUNT_MAX);
}

static void a_task_is_looked_at_once_for_all_that_was_copied_before(void **state)
{
	(void)state;
	proc_memory_tells_of(4711);
	assert_int_equal(proc_memory_task(), 4711);
	assert_false(proc_memory_task_was_still());
	expect(0);
	assert_true(proc_memory_is_still());
	proc_memory_task_is_still();
	/* The next file of it. */
	proc_memory_forget();
	assert_int_equal(proc_memory_task(), 0);
	proc_memory_tells_of(4711);
	assert_true(proc_memory_task_was_still());
	/* One of another. */
	proc_memory_forget();
	proc_memory_tells_of(4712);
	assert_false(proc_memory_task_was_still());
}

static void a_task_is_looked_at_again_for_what_was_copied_later(void **state)
{
	(void)state;
	proc_memory_tells_of(4711);
	proc_memory_task_is_still();
	assert_true(proc_memory_task_was_still());
	/* A file that has more to look at. */
	expect(0);
	assert_false(proc_memory_task_was_still());
	proc_memory_forget();
	proc_memory_tells_of(4711);
	proc_memory_task_is_still();
	assert_int_equal(guest_memory_read_physical(&guest.memory, (struct guest_pa){DATA + (32 << 10)}, &(uint64_t){0},
						    sizeof(uint64_t)),
			 STATUS_OK);
	assert_false(proc_memory_task_was_still());
	proc_memory_task_is_still();
	assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_OK);
	assert_false(proc_memory_task_was_still());
}

static void a_task_is_compared_with_what_it_was_when_it_was_first_read(void **state)
{
	(void)state;
	put(0, 1);
	assert_true(proc_memory_tells_of(4713));
	expect(0);
	proc_memory_hold(true);
	/* Its copy goes, and the next one is another's. */
	put(0, 2);
	uint64_t value = 2;
	proc_memory_expect(DIRECT + DATA, &value, sizeof value);
	assert_true(proc_memory_is_still());
	assert_true(proc_memory_expect_held());
	assert_false(proc_memory_is_still());
	/* So also for its next text, */
	proc_memory_forget();
	assert_false(proc_memory_tells_of(4713));
	assert_true(proc_memory_expect_held());
	assert_false(proc_memory_is_still());
	/* but not in another epoch. */
	assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_OK);
	proc_memory_forget();
	assert_true(proc_memory_tells_of(4713));
	expect(0);
	proc_memory_hold(true);
	assert_true(proc_memory_expect_held());
	assert_true(proc_memory_is_still());
}

static void what_couldnt_be_read_of_a_task_as_a_whole_isnt_held(void **state)
{
	(void)state;
	assert_true(proc_memory_tells_of(4714));
	expect(0);
	proc_memory_hold(false);
	assert_false(proc_memory_expect_held());
	assert_true(proc_memory_tells_of(4715));
	for (uint64_t i = 0; i < PART_COUNT; i++)
		expect(i * STRIDE);
	proc_memory_hold(true);
	assert_false(proc_memory_expect_held());
	/* One part is where the kernel has no memory: the text is torn, and the next one says so again. */
	for (int i = 0; i < 2; i++) {
		proc_memory_forget();
		assert_true(proc_memory_tells_of(4718));
		expect(0);
		proc_memory_expect(DIRECT + DATA + (1 << 20), &(uint64_t){0}, sizeof(uint64_t));
		proc_memory_hold(true);
		assert_false(proc_memory_expect_held());
		assert_false(proc_memory_is_still());
	}
}

/* ---- what plans show */

static void run_plan(void)
{
	struct plan plan = {.space = kernel.space, .line_count_max = 100, .node_count_max = 100, .step_count = 6};
	const struct plan_step take = {.type = PLAN_TAKE, .depth = 2, .size = 8}, at = {.type = PLAN_START_AT};

	plan.step[0] = at;
	plan.step[0].value = DIRECT + DATA;
	plan.step[1] = plan.step[2] = plan.step[3] = plan.step[4] = plan.step[5] = take;
	plan.step[1].depth = 1;
	plan.step[1].offset = UNSHOWN;
	plan.step[2] = (struct plan_step){.type = PLAN_MOMENT, .depth = 1};
	plan.step[3].offset = SHOWN;
	plan.step[4].offset = BESIDE;
	plan.step[5].offset = BEHIND;
	plan.step[5].depth = 1;
	for (uint32_t i = 0; i < plan.step_count; i++) {
		plan.step[i].mask = ~0ULL;
		plan.step[i].count = 1;
		plan.step[i].stride = 8;
	}
	guest_memory_run_plan(&guest.memory, &plan);
	assert_int_equal(guest.memory.plan_run_count, 1);
}

static void with_a_plan(void)
{
	size_t size = guest_memory_lines_storage_size(LINE_COUNT);

	lines = aligned_alloc(64, (size + 63) & ~(size_t)63);
	assert_non_null(lines);
	assert_int_equal(guest_memory_lines_init(&guest.memory, lines, size), STATUS_OK);
	guest.plan_answer_size = 64 << 10;
	put(SHOWN, 1);
	put(BESIDE, 2);
	put(UNSHOWN, 3);
	put(UNPLANNED, 4);
	put(BEHIND, 5);
	run_plan();
	guest_memory_begin_use(&guest.memory);
}

/* Is what was noted still so, and how many looks did that take? */
static uint64_t looks(void)
{
	uint64_t reads = guest.read_count;

	assert_true(proc_memory_is_still());
	return guest.read_count - reads;
}

static void what_a_plan_showed_at_one_moment_needs_no_look(void **state)
{
	(void)state;
	uint64_t known_count = proc_memory_known_count();

	with_a_plan();
	expect(UNSHOWN);
	proc_memory_forget(); /* read, and not noted any more */
	expect(SHOWN);
	expect(BESIDE);
	assert_int_equal(looks(), 0);
	assert_int_equal(proc_memory_known_count(), known_count + 1);
	/* That it has changed meanwhile is another moment's. */
	put(SHOWN, 5);
	expect(SHOWN);
	assert_int_equal(looks(), 0);
	/* What has no moment is looked at. */
	proc_memory_forget();
	expect(BESIDE);
	expect(UNSHOWN);
	assert_int_equal(looks(), 2);
}

static void what_isnt_as_a_plan_showed_it_is_torn(void **state)
{
	(void)state;
	uint64_t value = 6;

	with_a_plan();
	proc_memory_expect(DIRECT + DATA + SHOWN, &value, sizeof value);
	assert_false(proc_memory_is_still());
}

static void what_lasts_a_moment_only_is_looked_at_later_all_the_same(void **state)
{
	(void)state;
	with_a_plan();
	expect(SHOWN);
	proc_memory_expect_later();
	assert_int_equal(looks(), 1);
	/* The next text needn't. */
	proc_memory_forget();
	expect(SHOWN);
	assert_int_equal(looks(), 0);
}

static void what_was_read_of_a_later_copy_makes_a_moment_count_for_nothing(void **state)
{
	(void)state;
	with_a_plan();
	expect(SHOWN);
	assert_int_equal(guest_memory_read_physical(&guest.memory, (struct guest_pa){DATA + UNPLANNED}, &(uint64_t){0},
						    sizeof(uint64_t)),
			 STATUS_OK);
	assert_int_equal(looks(), 1);
	/* For a text that isn't made of it, it counts. */
	proc_memory_forget();
	guest_memory_begin_use(&guest.memory);
	expect(SHOWN);
	assert_int_equal(looks(), 0);
}

static void one_moment_counts_for_a_tasks_next_text_but_not_for_what_came_later(void **state)
{
	(void)state;
	with_a_plan();
	if (proc_memory_tells_of(4716))
		proc_memory_hold(true);
	expect(SHOWN);
	assert_int_equal(looks(), 0);
	proc_memory_task_is_still();
	proc_memory_forget();
	if (proc_memory_tells_of(4716))
		proc_memory_hold(true);
	assert_true(proc_memory_task_was_still());
	assert_int_equal(guest_memory_read_physical(&guest.memory, (struct guest_pa){DATA + UNPLANNED}, &(uint64_t){0},
						    sizeof(uint64_t)),
			 STATUS_OK);
	assert_false(proc_memory_task_was_still());
}

static void one_moment_doesnt_count_for_what_the_same_plan_brought_behind_it(void **state)
{
	(void)state;
	with_a_plan();
	if (proc_memory_tells_of(4717))
		proc_memory_hold(true);
	expect(SHOWN);
	assert_int_equal(looks(), 0);
	proc_memory_task_is_still();
	proc_memory_forget();
	if (proc_memory_tells_of(4717))
		proc_memory_hold(true);
	uint64_t question_count = guest.memory.question_count;
	expect(BEHIND);
	proc_memory_forget(); /* read, and not noted any more */
	if (proc_memory_tells_of(4717))
		proc_memory_hold(true);
	assert_int_equal(guest.memory.question_count, question_count);
	assert_false(proc_memory_task_was_still());
}

static void what_isnt_mapped_any_more_is_torn(void **state)
{
	(void)state;
	uint64_t value = 0;

	proc_memory_expect(DIRECT + DATA + (1 << 20), &value, sizeof value);
	assert_false(proc_memory_is_still());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_didnt_change_is_still_so, setup, teardown),
		cmocka_unit_test_setup_teardown(what_changed_after_it_was_copied_is_seen_wherever_it_was_noted, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_word_that_was_copied_too_early_is_seen_although_it_never_changes_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_command_line_and_its_process_are_one_question, setup, teardown),
		cmocka_unit_test_setup_teardown(a_task_is_looked_at_once_for_all_that_was_copied_before, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_task_is_looked_at_again_for_what_was_copied_later, setup, teardown),
		cmocka_unit_test_setup_teardown(a_task_is_compared_with_what_it_was_when_it_was_first_read, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_couldnt_be_read_of_a_task_as_a_whole_isnt_held, setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_plan_showed_at_one_moment_needs_no_look, setup, teardown),
		cmocka_unit_test_setup_teardown(what_isnt_as_a_plan_showed_it_is_torn, setup, teardown),
		cmocka_unit_test_setup_teardown(what_lasts_a_moment_only_is_looked_at_later_all_the_same, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_was_read_of_a_later_copy_makes_a_moment_count_for_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_moment_counts_for_a_tasks_next_text_but_not_for_what_came_later,
						setup, teardown),
		cmocka_unit_test_setup_teardown(one_moment_doesnt_count_for_what_the_same_plan_brought_behind_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_isnt_mapped_any_more_is_torn, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
