/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "enclave/runtime/fault.h"
#include "enclave/runtime/host.h"
#include "enclave/runtime/hostile-host.h"

static int setup(void **state)
{
	(void)state;
	hostile_init();
	return 0;
}

static void read_takes_what_was_asked_for(void **state)
{
	char buffer[16] = "................";

	hostile.result = 5;
	memcpy(hostile.window.data, "hello world", 11);
	assert_int_equal(runtime_host_read(3, buffer, sizeof buffer, -1), 5);
	assert_memory_equal(buffer, "hello...........", 16);
	assert_int_equal(hostile.last.number, SYS_read);
	assert_int_equal(hostile.last.argument[2], sizeof buffer);
}

static void read_refuses_more_than_was_asked_for(void **state)
{
	char buffer[16] = "................";

	hostile.result = 17;
	assert_int_equal(runtime_host_read(3, buffer, sizeof buffer, -1), -EIO);
	assert_memory_equal(buffer, "................", 16);
	assert_true(runtime_fault_noted());
}

static void every_call_refuses_results_out_of_range(void **state)
{
	static const int64_t lies[] = {INT64_MAX, INT64_MIN, -4096, -100000, -ENOTRECOVERABLE, (int64_t)1 << 40};
	char buffer[64];
	struct timespec time;
	struct stat stat;

	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		hostile.result = lies[i];
		assert_int_equal(runtime_host_read(0, buffer, 64, -1), -EIO);
		assert_int_equal(runtime_host_read(0, buffer, 64, 4), -EIO);
		assert_int_equal(runtime_host_write(1, buffer, 64), -EIO);
		assert_int_equal(runtime_host_open("/etc/services", 0), -EIO);
		assert_int_equal(runtime_host_close(4), -EIO);
		assert_int_equal(runtime_host_fstat(4, &stat), -EIO);
		assert_int_equal(runtime_host_stat("/etc/services", 0, &stat), -EIO);
		assert_int_equal(runtime_host_readlink("/etc/services", buffer, 64), -EIO);
		assert_int_equal(runtime_host_getdents(4, buffer, 64), -EIO);
		assert_int_equal(runtime_host_ioctl(0, TIOCGWINSZ, buffer, 8), -EIO);
		assert_int_equal(runtime_host_clock(CLOCK_REALTIME, &time), -EIO);
	}
}

static void an_errno_that_the_call_cannot_give_is_refused(void **state)
{
	char buffer[8];

	hostile.result = -ENOENT; /* right for open, wrong for read */
	assert_int_equal(runtime_host_open("/etc/services", 0), -ENOENT);
	assert_int_equal(runtime_host_read(0, buffer, 8, -1), -EIO);
	hostile.result = -EISDIR;
	assert_int_equal(runtime_host_read(0, buffer, 8, -1), -EISDIR);
}

static void a_call_outside_the_manifest_never_leaves(void **state)
{
	struct timespec time = {0};

	assert_int_equal(runtime_host_sleep(&time), -EPERM);
	assert_int_equal(hostile.call_count, 0);
	assert_int_equal(hostile.report_count, 1);
	assert_non_null(strstr(hostile.last_message, "clock_nanosleep (230)"));
	assert_int_equal(runtime_host_sleep(&time), -EPERM);
	assert_int_equal(hostile.report_count, 1);
}

static void a_descriptor_that_is_taken_is_no_answer(void **state)
{
	(void)state;
	for (hostile.result = 0; hostile.result < 3; hostile.result++)
		assert_int_equal(runtime_host_open("/etc/services", 0), -EIO);
	hostile.result = HOST_FD_MAX;
	assert_int_equal(runtime_host_open("/etc/services", 0), HOST_FD_MAX);
	assert_int_equal(runtime_host_open("/etc/services", 0), -EIO);
	hostile.result = HOST_FD_MAX + 1;
	assert_int_equal(runtime_host_open("/etc/services", 0), -EIO);
	hostile.result = 0;
	assert_int_equal(runtime_host_close(HOST_FD_MAX), 0);
	hostile.call_count = 0;
	assert_int_equal(runtime_host_close(1), -EBADF);
	assert_int_equal(hostile.call_count, 0);
	hostile.result = HOST_FD_MAX;
	assert_int_equal(runtime_host_open("/etc/services", 0), HOST_FD_MAX);
	hostile.result = -EINTR; /* free all the same, as in Linux */
	assert_int_equal(runtime_host_close(HOST_FD_MAX), -EINTR);
	hostile.result = HOST_FD_MAX;
	assert_int_equal(runtime_host_open("/etc/services", 0), HOST_FD_MAX);
}

static void writing_nothing_of_something_is_refused(void **state)
{
	(void)state;
	hostile.result = 0;
	assert_int_equal(runtime_host_write(1, "x", 1), -EIO);
	assert_int_equal(runtime_host_write(1, "x", 0), 0);
}

static void a_seek_ends_where_it_was_sent(void **state)
{
	(void)state;
	hostile.result = 8;
	assert_int_equal(runtime_host_seek(3, 8, SEEK_SET), 8);
	assert_int_equal(runtime_host_seek(3, 9, SEEK_SET), -EIO);
	assert_int_equal(runtime_host_seek(3, 9, SEEK_CUR), 8);
}

static void a_link_leads_somewhere_and_holds_no_nul(void **state)
{
	char buffer[16];

	(void)state;
	memcpy(hostile.window.data + CALL_PATH_SIZE_MAX, "ab\0d", 4);
	hostile.result = 2;
	assert_int_equal(runtime_host_readlink("/etc/services", buffer, sizeof buffer), 2);
	hostile.result = 4;
	assert_int_equal(runtime_host_readlink("/etc/services", buffer, sizeof buffer), -EIO);
	hostile.result = 0;
	assert_int_equal(runtime_host_readlink("/etc/services", buffer, sizeof buffer), -EIO);
}

static void open_asks_for_reading_only(void **state)
{
	hostile.result = 7;
	assert_int_equal(runtime_host_open("/etc/services", O_RDWR | O_CREAT | O_TRUNC | O_DIRECTORY), 7);
	assert_int_equal(hostile.last.argument[1], O_RDONLY | O_CLOEXEC | O_NOCTTY | O_DIRECTORY);
	assert_string_equal((char *)hostile.window.data, "/etc/services");
}

static void a_stat_that_no_file_has_is_refused(void **state)
{
	struct stat lie = {.st_mode = S_IFREG | 0644, .st_blksize = 4096, .st_size = -1}, stat = {.st_size = 42};

	memcpy(hostile.window.data, &lie, sizeof lie);
	assert_int_equal(runtime_host_fstat(3, &stat), -EIO);
	assert_int_equal(stat.st_size, 42);
	lie.st_size = 10;
	lie.st_mode = 0644; /* no type */
	memcpy(hostile.window.data, &lie, sizeof lie);
	assert_int_equal(runtime_host_fstat(3, &stat), -EIO);
	lie.st_mode = S_IFREG | 0644;
	memcpy(hostile.window.data, &lie, sizeof lie);
	assert_int_equal(runtime_host_fstat(3, &stat), 0);
	assert_int_equal(stat.st_size, 10);
	lie.st_mode = S_IFLNK | 0777; /* of a path whose links were followed */
	memcpy(hostile.window.data, &lie, sizeof lie);
	assert_int_equal(runtime_host_fstat(3, &stat), -EIO);
	memcpy(hostile.window.data + CALL_PATH_SIZE_MAX, &lie, sizeof lie);
	assert_int_equal(runtime_host_stat("/etc/services", 0, &stat), -EIO);
	assert_int_equal(runtime_host_stat("/etc/services", AT_SYMLINK_NOFOLLOW, &stat), 0);
	lie.st_mode = S_IFREG | 0644;
	lie.st_blksize = 1l << 40; /* the size of somebody's buffer */
	memcpy(hostile.window.data, &lie, sizeof lie);
	assert_int_equal(runtime_host_fstat(3, &stat), -EIO);
	lie.st_blksize = 4096;
	lie.st_atim.tv_nsec = 1000000000;
	memcpy(hostile.window.data, &lie, sizeof lie);
	assert_int_equal(runtime_host_fstat(3, &stat), -EIO);
}

static void put_entry(size_t at, uint16_t record, const char *name)
{
	memset(hostile.window.data + at, 0, 24);
	memcpy(hostile.window.data + at + 16, &record, 2);
	memcpy(hostile.window.data + at + 19, name, strlen(name));
}

static void directory_entries_are_whole_or_refused(void **state)
{
	uint8_t buffer[256];

	put_entry(0, 24, "a");
	put_entry(24, 24, "b");
	hostile.result = 48;
	assert_int_equal(runtime_host_getdents(3, buffer, sizeof buffer), 48);
	put_entry(24, 0, "b"); /* would never end */
	assert_int_equal(runtime_host_getdents(3, buffer, sizeof buffer), -EIO);
	put_entry(24, 32, "b"); /* beyond the end */
	assert_int_equal(runtime_host_getdents(3, buffer, sizeof buffer), -EIO);
	put_entry(24, 24, "a/b"); /* a path isn't a name */
	assert_int_equal(runtime_host_getdents(3, buffer, sizeof buffer), -EIO);
	put_entry(24, 24, "");
	assert_int_equal(runtime_host_getdents(3, buffer, sizeof buffer), -EIO);
	put_entry(24, 24, "12345"); /* no NUL */
	assert_int_equal(runtime_host_getdents(3, buffer, sizeof buffer), -EIO);
	hostile.result = 40; /* cut in the middle */
	put_entry(24, 24, "b");
	assert_int_equal(runtime_host_getdents(3, buffer, sizeof buffer), -EIO);
}

static void set_clock(int64_t seconds, int64_t nanoseconds)
{
	struct timespec time = {seconds, nanoseconds};

	memcpy(hostile.window.data, &time, sizeof time);
}

static void monotonic_time_never_runs_backwards(void **state)
{
	struct timespec time;

	set_clock(100, 5);
	assert_int_equal(runtime_host_clock(CLOCK_MONOTONIC, &time), 0);
	set_clock(99, 7);
	assert_int_equal(runtime_host_clock(CLOCK_MONOTONIC, &time), 0);
	assert_int_equal(time.tv_sec, 100);
	assert_int_equal(time.tv_nsec, 5);
	set_clock(99, 1000000000);
	assert_int_equal(runtime_host_clock(CLOCK_REALTIME, &time), -EIO);
	set_clock(INT64_MAX, 0);
	assert_int_equal(runtime_host_clock(CLOCK_REALTIME, &time), -EIO);
	set_clock(-1, 0);
	assert_int_equal(runtime_host_clock(CLOCK_REALTIME, &time), -EIO);
	assert_int_equal(runtime_host_clock(99, &time), -EINVAL);
}

static void the_window_is_copied_at_any_length(void **state)
{
	uint8_t from[40], to[41];

	for (size_t i = 0; i < sizeof from; i++)
		from[i] = (uint8_t)(i * 7 + 1);
	for (size_t size = 0; size <= sizeof from; size++) {
		memset(to, 0xee, sizeof to);
		runtime_window_put(16, from, size);
		runtime_window_get(16, to, size);
		assert_memory_equal(to, from, size);
		assert_int_equal(to[size], 0xee);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(read_takes_what_was_asked_for, setup),
		cmocka_unit_test_setup(read_refuses_more_than_was_asked_for, setup),
		cmocka_unit_test_setup(every_call_refuses_results_out_of_range, setup),
		cmocka_unit_test_setup(an_errno_that_the_call_cannot_give_is_refused, setup),
		cmocka_unit_test_setup(a_call_outside_the_manifest_never_leaves, setup),
		cmocka_unit_test_setup(a_descriptor_that_is_taken_is_no_answer, setup),
		cmocka_unit_test_setup(writing_nothing_of_something_is_refused, setup),
		cmocka_unit_test_setup(a_seek_ends_where_it_was_sent, setup),
		cmocka_unit_test_setup(a_link_leads_somewhere_and_holds_no_nul, setup),
		cmocka_unit_test_setup(open_asks_for_reading_only, setup),
		cmocka_unit_test_setup(a_stat_that_no_file_has_is_refused, setup),
		cmocka_unit_test_setup(directory_entries_are_whole_or_refused, setup),
		cmocka_unit_test_setup(monotonic_time_never_runs_backwards, setup),
		cmocka_unit_test_setup(the_window_is_copied_at_any_length, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
