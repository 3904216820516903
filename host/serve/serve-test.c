/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

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
		cmocka_unit_test_setup_teardown(a_profile_is_given_out_within_its_bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(the_exit_code_is_kept, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
