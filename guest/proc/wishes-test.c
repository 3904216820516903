/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan over all processes that has more steps than a plan may, on a kernel whose fields lie so. */
#include "guest/proc/ahead.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/test.h"
#include "guest/kernel/kernel.h"
#include "guest/memory/fake-guest.h"
#include "guest/memory/plan.h"
#include "guest/proc/running.h"

enum {
	RAM_SIZE = 1 << 20,
	ROOT = 0x1000,
	LINE_COUNT = 256,
	PROCESS_COUNT = 4, /* so many whose files were read: those of all are wanted */
};

static struct fake_guest guest;
static struct guest_kernel kernel;
static void *lines;
static unsigned said;

/* In place of guest/proc/running.c's. */
struct guest_kernel *proc_running_kernel(void)
{
	return &kernel;
}

static void note_message(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	said += strstr(message, "steps too many") != NULL;
}

static int setup(void **state)
{
	const struct ram_range range = {{0}, RAM_SIZE};
	size_t size = guest_memory_lines_storage_size(LINE_COUNT);

	(void)state;
	fake_guest_init(&guest, &range, 1, FAKE_CACHE_PAGES);
	lines = aligned_alloc(64, (size + 63) & ~(size_t)63);
	assert_non_null(lines);
	assert_int_equal(guest_memory_lines_init(&guest.memory, lines, size), STATUS_OK);
	kernel = (struct guest_kernel){.memory = &guest.memory, .space = {{ROOT}, 4, GUEST_PHYSICAL_BITS_MAX}};
	report_sink_set(note_message, NULL);
	said = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	report_sink_set(NULL, NULL);
	fake_guest_deinit(&guest);
	free(lines);
	return 0;
}

static void read_files_of(uint32_t pid)
{
	const struct proc_subject subject = {.pid = pid};

	proc_subject_enter(&subject);
	ahead_wish(AHEAD_WISH_FILES);
}

/* Fields too far from each other to be one step. */
static bool run_plan(uint64_t key, uint32_t step_count)
{
	if (!ahead_begin(key))
		return false;
	ahead_start(0xffff888000000000);
	for (uint32_t i = 1; i < step_count; i++)
		ahead_take((int64_t)i * GUEST_PAGE_SIZE, 8);
	ahead_up();
	ahead_run();
	return true;
}

static void what_is_wished_besides_is_left_out_where_the_plan_would_have_too_many_steps(void **state)
{
	(void)state;
	for (uint32_t pid = 1; pid <= PROCESS_COUNT; pid++)
		read_files_of(pid);
	read_files_of(PROCESS_COUNT + 1);
	assert_int_equal(ahead_wishes(), AHEAD_WISH_FILES);
	assert_true(run_plan(AHEAD_KEY_PROCESSES | (uint64_t)AHEAD_WISH_FILES << AHEAD_WISH_SHIFT,
			     PLAN_STEP_COUNT_MAX + 1));
	assert_int_equal(guest.plan_count, 0);
	assert_int_equal(said, 0);
	/* For this process, and the next ones: the plan without. */
	assert_int_equal(ahead_wishes(), 0);
	assert_true(run_plan(AHEAD_KEY_PROCESSES, PLAN_STEP_COUNT_MAX));
	assert_int_equal(guest.plan_count, 1);
	for (uint32_t pid = 100; pid < 100 + 2 * PROCESS_COUNT; pid++) {
		read_files_of(pid);
		assert_int_equal(ahead_wishes(), 0);
	}
	assert_int_equal(said, 0);
}

static void any_other_plan_with_too_many_steps_isnt_run_and_is_named(void **state)
{
	(void)state;
	assert_true(run_plan(AHEAD_KEY_LISTING, PLAN_STEP_COUNT_MAX + 1));
	assert_true(run_plan(AHEAD_KEY_SHARED, PLAN_STEP_COUNT_MAX + 3));
	assert_int_equal(guest.plan_count, 0);
	assert_int_equal(said, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_is_wished_besides_is_left_out_where_the_plan_would_have_too_many_steps, setup, teardown),
		cmocka_unit_test_setup_teardown(any_other_plan_with_too_many_steps_isnt_run_and_is_named, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
