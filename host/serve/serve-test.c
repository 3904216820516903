/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest/memory/plan-code.h"
#include "host/serve/serve.h"

static struct call_window window;
static struct serve serve;

static int64_t ask(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	static uint64_t sequence;

	window.slot = (struct call_slot){.number = number, .argument = {a, b, c, d}, .posted = ++sequence};
	serve_call(&serve);
	assert_int_equal(window.slot.done, sequence);
	return window.slot.result;
}

static int setup(void **state)
{
	(void)state;
	memset(&window, 0, sizeof window);
	serve_init(&serve, &window, NULL, (struct span){});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	serve_deinit(&serve);
	return 0;
}

static void put_path(const char *path)
{
	memcpy(window.data, path, strlen(path) + 1);
}

static void files_are_opened_for_reading_only(void **state)
{
	int64_t fd;

	put_path("/dev/null");
	fd = ask(SYS_openat, 0, O_RDWR | O_CREAT | O_TRUNC, 0, 0);
	assert_true(fd > 2);
	assert_int_equal(fcntl((int)fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(fcntl((int)fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(ask(SYS_write, (uint64_t)fd, 0, 1, 0), -EBADF);
	assert_int_equal(ask(SYS_read, (uint64_t)fd, 0, 8, 0), 0);
	assert_int_equal(ask(SYS_close, (uint64_t)fd, 0, 0, 0), 0);
	assert_int_equal(ask(SYS_close, (uint64_t)fd, 0, 0, 0), -EBADF);
}

static void descriptors_of_the_process_are_out_of_reach(void **state)
{
	int own = open("/dev/zero", O_RDWR);

	assert_true(own > 2);
	assert_int_equal(ask(SYS_read, (uint64_t)own, 0, 8, 0), -EBADF);
	assert_int_equal(ask(SYS_lseek, (uint64_t)own, 0, 0, 0), -EBADF);
	assert_int_equal(ask(SYS_fstat, (uint64_t)own, 0, 0, 0), -EBADF);
	assert_int_equal(ask(SYS_ioctl, (uint64_t)own, TIOCGWINSZ, 0, 0), -EBADF);
	assert_int_equal(ask(SYS_close, (uint64_t)own, 0, 0, 0), -EBADF);
	assert_int_equal(ask(SYS_close, 0, 0, 0, 0), -EBADF);
	assert_int_equal(ask(SYS_read, UINT64_MAX, 0, 8, 0), -EBADF);
	close(own);
}

static void offsets_outside_the_window_are_refused(void **state)
{
	static const uint64_t offsets[] = {CALL_DATA_SIZE, CALL_DATA_SIZE - 8, UINT64_MAX - 7, 4, (uint64_t)1 << 63};

	for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
		assert_int_equal(ask(SYS_read, 0, offsets[i], 16, 0), -EFAULT);
		assert_int_equal(ask(SYS_write, 1, offsets[i], 16, 0), -EFAULT);
		assert_int_equal(ask(SYS_openat, offsets[i], 0, 0, 0), -EFAULT);
		assert_int_equal(ask(SYS_fstat, 0, offsets[i], 0, 0), -EFAULT);
		assert_int_equal(ask(SYS_clock_gettime, 0, offsets[i], 0, 0), -EFAULT);
	}
	assert_int_equal(ask(SYS_read, 0, 0, UINT64_MAX, 0), -EFAULT);
}

static void a_path_must_end_and_be_absolute(void **state)
{
	memset(window.data, 'a', CALL_PATH_SIZE_MAX);
	assert_int_equal(ask(SYS_openat, 0, 0, 0, 0), -EFAULT);
	put_path("etc/passwd");
	assert_int_equal(ask(SYS_openat, 0, 0, 0, 0), -EFAULT);
}

static void unknown_calls_do_nothing(void **state)
{
	assert_int_equal(ask(SYS_execve, 0, 0, 0, 0), -ENOSYS);
	assert_int_equal(ask(SYS_unlink, 0, 0, 0, 0), -ENOSYS);
	assert_int_equal(ask(UINT64_MAX, 0, 0, 0, 0), -ENOSYS);
	assert_int_equal(ask(SYS_ioctl, 0, TIOCSTI, 0, 0), -ENOTTY);
}

static void without_a_target_there_is_no_source(void **state)
{
	assert_int_equal(ask(CALL_SOURCE_CHECK, 0, 0, 0, 0), STATUS_MISSING);
	assert_int_equal(ask(CALL_SOURCE_READ_PAGES, 0, 1, 4096, 8), STATUS_MISSING);
}

/* A source of one page, at 0x1000. */
static status one_page_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	(void)source;
	if (start.value != 0x1000)
		return STATUS_UNMAPPED;
	memset(destination, 0x5a, size);
	return STATUS_OK;
}

static status one_page_map(struct page_source *source, struct ram_map *ret_map)
{
	(void)source;
	*ret_map = (struct ram_map){.range = {{{0x1000}, 0x1000}}, .range_count = 1};
	return STATUS_OK;
}

static void pages_come_with_their_own_outcome(void **state)
{
	static const struct page_source_ops ops = {.read = one_page_read, .ram_map = one_page_map};
	struct page_source source = {&ops};
	uint64_t addresses[2] = {0x1000, 0x5000};
	int64_t results[2];

	serve.source = &source;
	memcpy(window.data, addresses, sizeof addresses);
	assert_int_equal(ask(CALL_SOURCE_READ_PAGES, 0, 2, 4096, 256), STATUS_OK);
	memcpy(results, window.data + 256, sizeof results);
	assert_int_equal(results[0], STATUS_OK);
	assert_int_equal(results[1], STATUS_UNMAPPED);
	assert_int_equal(window.data[4096 + 4095], 0x5a);
	assert_int_equal(ask(CALL_SOURCE_READ_PAGES, 0, CALL_PAGE_COUNT_MAX + 1, 4096, 256), STATUS_USAGE);
	assert_int_equal(ask(CALL_SOURCE_READ_PAGES, 0, UINT64_MAX, 4096, 256), STATUS_USAGE);
	assert_int_equal(ask(CALL_SOURCE_READ_PAGES, 0, 2, CALL_DATA_SIZE - 4096, 256), STATUS_USAGE);
}

static void a_source_that_cannot_tell_has_all_its_ram_populated(void **state)
{
	static const struct page_source_ops ops = {.read = one_page_read, .ram_map = one_page_map};
	struct page_source source = {&ops};
	struct call_range range;

	serve.source = &source;
	assert_int_equal(ask(CALL_SOURCE_NEXT_POPULATED, 0, 0, 0, 0), STATUS_OK);
	memcpy(&range, window.data, sizeof range);
	assert_int_equal(range.start, 0x1000);
	assert_int_equal(range.size, 0x1000);
	assert_int_equal(ask(CALL_SOURCE_NEXT_POPULATED, 0x2000, 0, 0, 0), STATUS_END);
}

/* What the last plan was, and its place. */
static struct plan plan_asked;
static struct plan_cursor cursor_asked;
static size_t room_given;

/* Answers with two lines, in the room that it was given. */
static status two_lines(struct page_source *source, const struct plan *plan, struct plan_cursor *cursor,
			struct plan_sink *sink)
{
	(void)source;
	plan_asked = *plan;
	cursor_asked = *cursor;
	room_given = sink->room_size;
	memset(sink->room, 0x33, 8 + 2 * PLAN_LINE_SIZE);
	cursor->next_line = 99;
	return sink->take(sink, (struct span){sink->room, 8 + 2 * PLAN_LINE_SIZE});
}

static status too_much(struct page_source *source, const struct plan *plan, struct plan_cursor *cursor,
		       struct plan_sink *sink)
{
	(void)source, (void)plan, (void)cursor;
	return sink->take(sink, (struct span){sink->room, sink->room_size + 1});
}

static void put_plan(const struct plan *plan, const struct plan_cursor *cursor)
{
	struct call_plan call;

	plan_encode(plan, call.plan);
	plan_cursor_encode(cursor, call.cursor);
	memcpy(window.data, &call, sizeof call);
}

static const struct plan some_plan = {
	.space = {.root = {0x1000}, .level_count = 4, .physical_bits = 52},
	.step_count = 1,
	.step = {{.type = PLAN_TAKE, .size = 8}},
	.line_count_max = 100,
	.node_count_max = 100,
};

static void a_plan_is_run_by_the_source_and_its_lines_stand_in_the_window(void **state)
{
	static const struct page_source_ops ops = {.ram_map = one_page_map, .run_plan = two_lines};
	struct page_source source = {&ops};
	struct call_plan_answer answer;
	struct plan_cursor next;

	serve.source = &source;
	put_plan(&some_plan, &(struct plan_cursor){.next_line = 7});
	assert_int_equal(ask(CALL_SOURCE_PLAN, 0, 4096, 8192, CALL_DATA_SIZE - 8192), STATUS_OK);
	assert_memory_equal(&plan_asked.step[0], &some_plan.step[0], sizeof some_plan.step[0]);
	assert_int_equal(cursor_asked.next_line, 7);
	assert_int_equal(room_given, CALL_DATA_SIZE - 8192);
	memcpy(&answer, window.data + 4096, sizeof answer);
	assert_int_equal(answer.run_size, 8 + 2 * PLAN_LINE_SIZE);
	assert_int_equal(plan_cursor_decode(answer.cursor, &next), STATUS_OK);
	assert_int_equal(next.next_line, 99);
	assert_int_equal(window.data[8192 + 8 + 127], 0x33);
	assert_int_equal(window.data[8192 + 8 + 128], 0);
}

static void plans_that_are_none_reach_no_source(void **state)
{
	static const struct page_source_ops ops = {.ram_map = one_page_map, .run_plan = two_lines},
					    greedy = {.ram_map = one_page_map, .run_plan = too_much},
					    without = {.ram_map = one_page_map};
	struct page_source source = {&ops};
	struct plan bad = some_plan;

	serve.source = &source;
	put_plan(&some_plan, &(struct plan_cursor){});
	assert_int_equal(ask(CALL_SOURCE_PLAN, CALL_DATA_SIZE - 8, 4096, 8192, 4096), STATUS_USAGE);
	assert_int_equal(ask(CALL_SOURCE_PLAN, 0, CALL_DATA_SIZE, 8192, 4096), STATUS_USAGE);
	assert_int_equal(ask(CALL_SOURCE_PLAN, 0, 4096, 8192, CALL_DATA_SIZE - 8191), STATUS_USAGE);
	assert_int_equal(ask(CALL_SOURCE_PLAN, 0, 4096, 8192, UINT64_MAX), STATUS_USAGE);
	put_plan(&some_plan, &(struct plan_cursor){.step_index = 1});
	assert_int_equal(ask(CALL_SOURCE_PLAN, 0, 4096, 8192, 4096), STATUS_MALFORMED);
	bad.step[0].size = 0;
	put_plan(&bad, &(struct plan_cursor){});
	room_given = 0;
	assert_int_equal(ask(CALL_SOURCE_PLAN, 0, 4096, 8192, 4096), STATUS_MALFORMED);
	assert_int_equal(room_given, 0);
	put_plan(&some_plan, &(struct plan_cursor){});
	source.ops = &without;
	assert_int_equal(ask(CALL_SOURCE_PLAN, 0, 4096, 8192, 4096), STATUS_UNSUPPORTED);
	source.ops = &greedy;
	assert_int_equal(ask(CALL_SOURCE_PLAN, 0, 4096, 8192, 4096), STATUS_INTERNAL);
}

static void a_profile_is_given_out_within_its_bounds(void **state)
{
	const struct span none = {};

	serve.profile = (struct span){(const uint8_t *)"0123456789", 10};
	assert_int_equal(ask(CALL_PROFILE_SIZE, 0, 0, 0, 0), 10);
	assert_int_equal(ask(CALL_PROFILE_READ, 3, 4, 8, 0), STATUS_OK);
	assert_memory_equal(window.data + 8, "3456", 4);
	assert_int_equal(ask(CALL_PROFILE_READ, 7, 4, 8, 0), STATUS_USAGE);
	assert_int_equal(ask(CALL_PROFILE_READ, UINT64_MAX, 2, 8, 0), STATUS_USAGE);
	assert_int_equal(ask(CALL_PROFILE_READ, 0, 10, CALL_DATA_SIZE - 8, 0), STATUS_USAGE);
	serve.profile = none;
	assert_int_equal(ask(CALL_PROFILE_READ, 0, 0, 0, 0), STATUS_MISSING);
}

static void the_exit_code_is_kept(void **state)
{
	(void)ask(CALL_EXIT, 0x1234, 0, 0, 0);
	assert_true(serve.exited);
	assert_int_equal(serve.exit_code, 0x34);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(files_are_opened_for_reading_only, setup, teardown),
		cmocka_unit_test_setup_teardown(descriptors_of_the_process_are_out_of_reach, setup, teardown),
		cmocka_unit_test_setup_teardown(offsets_outside_the_window_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_path_must_end_and_be_absolute, setup, teardown),
		cmocka_unit_test_setup_teardown(unknown_calls_do_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_target_there_is_no_source, setup, teardown),
		cmocka_unit_test_setup_teardown(pages_come_with_their_own_outcome, setup, teardown),
		cmocka_unit_test_setup_teardown(a_source_that_cannot_tell_has_all_its_ram_populated, setup, teardown),
		cmocka_unit_test_setup_teardown(a_plan_is_run_by_the_source_and_its_lines_stand_in_the_window, setup,
						teardown),
		cmocka_unit_test_setup_teardown(plans_that_are_none_reach_no_source, setup, teardown),
		cmocka_unit_test_setup_teardown(a_profile_is_given_out_within_its_bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(the_exit_code_is_kept, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
