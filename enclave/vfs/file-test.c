/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "enclave/runtime/fault.h"
#include "enclave/runtime/hostile-host.h"
#include "enclave/vfs/fake-proc.h"
#include "enclave/vfs/file.h"
#include "enclave/vfs/vfs.h"
#include "guest/proc/now.h"

enum {
	/* Twice what writev() takes in one piece, and more. */
	GATHERED_TEST_SIZE = 128 * 1024,
};

static char buffer[64];

static int setup(void **state)
{
	(void)state;
	descriptor_close_range(0, ~0u);
	hostile_init();
	fake_target = STATUS_OK;
	return 0;
}

static void the_lowest_descriptor_is_taken(void **state)
{
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/version", O_RDONLY), 0);
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/version", O_RDONLY), 1);
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/version", O_RDONLY), 2);
	assert_int_equal(vfs_close(1), 0);
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/version", O_RDONLY), 1);
	assert_int_equal(vfs_dup(0, 10, 0), 10);
	assert_int_equal(vfs_dup(0, 0, 0), 3);
}

static void duplicates_share_the_offset_and_outlive_each_other(void **state)
{
	long fd = vfs_open(AT_FDCWD, "/proc/version", O_RDONLY), twin = vfs_dup((int)fd, 0, 0);

	assert_int_equal(vfs_read((int)fd, buffer, 3, -1), 3);
	assert_int_equal(vfs_lseek((int)twin, 0, SEEK_CUR), 3);
	assert_int_equal(vfs_close((int)fd), 0);
	assert_int_equal(vfs_read((int)twin, buffer, 64, -1), 7);
	assert_memory_equal(buffer, "3456789", 7);
	assert_int_equal(vfs_read((int)twin, buffer, 64, -1), 0);
	assert_int_equal(vfs_close((int)twin), 0);
	assert_int_equal(vfs_close((int)twin), -EBADF);
}

static void reading_at_a_position_leaves_the_offset(void **state)
{
	long fd = vfs_open(AT_FDCWD, "/proc/version", O_RDONLY);

	assert_int_equal(vfs_read((int)fd, buffer, 4, 5), 4);
	assert_memory_equal(buffer, "5678", 4);
	assert_int_equal(vfs_read((int)fd, buffer, 4, 10), 0);
	assert_int_equal(vfs_read((int)fd, buffer, 4, INT64_MAX), 0);
	assert_int_equal(vfs_lseek((int)fd, 0, SEEK_CUR), 0);
	assert_int_equal(vfs_lseek((int)fd, INT64_MAX, SEEK_SET), INT64_MAX);
	assert_int_equal(vfs_lseek((int)fd, 1, SEEK_CUR), -EOVERFLOW);
	assert_int_equal(vfs_read((int)fd, buffer, 4, -1), 0);
}

static void close_on_exec_belongs_to_the_descriptor(void **state)
{
	long fd = vfs_open(AT_FDCWD, "/proc/version", O_RDONLY | O_CLOEXEC), twin = vfs_dup((int)fd, 0, 0);

	assert_int_equal(vfs_fcntl((int)fd, F_GETFD, 0), FD_CLOEXEC);
	assert_int_equal(vfs_fcntl((int)twin, F_GETFD, 0), 0);
	assert_int_equal(vfs_dup2((int)fd, 50, O_CLOEXEC, 1), 50);
	assert_int_equal(vfs_fcntl(50, F_GETFD, 0), FD_CLOEXEC);
}

static void the_table_ends_at_its_limit(void **state)
{
	long fd = 0;

	for (int i = 0; i < FILE_DESCRIPTOR_COUNT_MAX; i++)
		fd = vfs_open(AT_FDCWD, "/proc/version", O_RDONLY);
	assert_int_equal(fd, FILE_DESCRIPTOR_COUNT_MAX - 1);
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/version", O_RDONLY), -EMFILE);
	assert_int_equal(vfs_dup(0, FILE_DESCRIPTOR_COUNT_MAX, 0), -EINVAL);
	assert_int_equal(vfs_dup2(0, FILE_DESCRIPTOR_COUNT_MAX, 0, 0), -EBADF);
	assert_int_equal(vfs_dup2(0, -1, 0, 0), -EBADF);
}

static void a_refused_file_gives_its_error_each_time_and_is_no_fault(void **state)
{
	long fd = vfs_open(AT_FDCWD, "/proc/refused", O_RDONLY);

	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), 10);
	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), -EINVAL);
	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), -EINVAL);
	assert_false(runtime_fault_noted());
	assert_int_equal(hostile.report_count, 0);
}

static void a_torn_file_gives_its_text_then_one_error_then_ends(void **state)
{
	long fd = vfs_open(AT_FDCWD, "/proc/torn", O_RDONLY);

	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), 10);
	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), -EIO);
	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), 0);
	assert_true(runtime_fault_noted());
	assert_int_equal(hostile.report_count, 1);
	assert_non_null(strstr(hostile.last_message, "/proc/torn"));
	assert_non_null(strstr(hostile.last_message, "the list loops"));
}

static void a_file_that_changed_while_it_was_read_is_made_anew_each_time_in_another_epoch(void **state)
{
	size_t before = fake_epoch_end_count;

	fake_torn_text_count = PROC_TORN_TRIES - 1;
	long fd = vfs_open(AT_FDCWD, "/proc/version", O_RDONLY);
	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), 10);
	assert_memory_equal(buffer, "0123456789", 10);
	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), 0);
	assert_int_equal(fake_epoch_end_count - before, PROC_TORN_TRIES - 1);
	assert_int_equal(hostile.report_count, 0);
}

static void a_file_that_goes_on_changing_is_marked_at_the_last_try(void **state)
{
	size_t before = fake_epoch_end_count;

	fake_torn_text_count = PROC_TORN_TRIES + 1;
	long fd = vfs_open(AT_FDCWD, "/proc/version", O_RDONLY);
	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), 10);
	assert_memory_equal(buffer, "a mixture!", 10);
	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), -EIO);
	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), 0);
	assert_int_equal(fake_torn_text_count, 1); /* so many tries, and no more */
	assert_int_equal(fake_epoch_end_count - before, PROC_TORN_TRIES - 1);
	fake_torn_text_count = 0;
	assert_true(runtime_fault_noted());
	assert_int_equal(hostile.report_count, 1);
	assert_non_null(strstr(hostile.last_message, "/proc/version isn't whole: it changed meanwhile"));
}

static void a_long_file_comes_in_parts_wherever_it_is_read(void **state)
{
	long fd = vfs_open(AT_FDCWD, "/proc/long", O_RDONLY);

	assert_int_equal(vfs_read((int)fd, buffer, 7, -1), 7);
	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), 3); /* the rest of a part */
	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), 10);
	assert_memory_equal(buffer, "abcdefghij", 10);
	assert_int_equal(vfs_read((int)fd, buffer, 3, 24), 3);
	assert_memory_equal(buffer, "EFG", 3);
	assert_int_equal(vfs_read((int)fd, buffer, 2, 5), 2); /* behind: made anew */
	assert_memory_equal(buffer, "56", 2);
	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), 10);
	assert_memory_equal(buffer, "ABCDEFGHIJ", 10);
	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), 0);
	assert_int_equal(vfs_read((int)fd, buffer, 64, 1000), 0);
	assert_int_equal(hostile.report_count, 0);
}

static void a_long_file_whose_epoch_ends_on_the_way_is_never_two_moments(void **state)
{
	long fd = vfs_open(AT_FDCWD, "/proc/long", O_RDONLY);

	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), 10);
	fake_epoch++;
	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), -EIO);
	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), 0);
	assert_true(runtime_fault_noted());
	assert_non_null(strstr(hostile.last_message, "/proc/long isn't whole"));
	assert_int_equal(vfs_lseek((int)fd, 0, SEEK_SET), 0);
	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), 10);
	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), 10);
}

static void who_reads_from_the_beginning_again_gets_what_is_now(void **state)
{
	long fd = vfs_open(AT_FDCWD, "/proc/9/comm", O_RDONLY);

	assert_int_equal(vfs_read((int)fd, buffer, 64, -1), 10);
	fake_pid_highest = 8;
	assert_int_equal(vfs_read((int)fd, buffer, 64, 0), 10); /* the epoch goes on */
	fake_epoch++;
	assert_int_equal(vfs_read((int)fd, buffer, 64, 0), -ESRCH);
	fake_pid_highest = 17;
}

static void what_the_target_has_and_we_lack_is_said_once(void **state)
{
	unsigned before = hostile.report_count;
	struct stat stat;

	assert_int_equal(vfs_open(AT_FDCWD, "/proc/net/nothing", O_RDONLY), -ENOENT);
	assert_int_equal(hostile.report_count, before);
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/net/sctp/eps", O_RDONLY), -ENOENT);
	assert_int_equal(hostile.report_count, before + 1);
	assert_non_null(strstr(hostile.last_message, "/proc/net/sctp/eps: the target has this file"));
	assert_int_equal(vfs_stat(AT_FDCWD, "/proc/self/net/sctp/eps/", 0, &stat), -ENOENT);
	assert_int_equal(hostile.report_count, before + 1);
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/stat", O_RDONLY), -ENOENT);
	assert_non_null(strstr(hostile.last_message, "/proc/stat: the target has this file"));
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/sys/vm/swappiness", O_RDONLY), -ENOENT);
	assert_non_null(strstr(hostile.last_message, "/proc/sys/vm/swappiness: this version doesn't show it"));
	assert_int_equal(hostile.report_count, before + 3);
}

static void what_every_process_has_and_we_lack_is_said_once_for_all(void **state)
{
	unsigned before = hostile.report_count;

	assert_int_equal(vfs_open(AT_FDCWD, "/proc/1/io", O_RDONLY), -ENOENT);
	assert_int_equal(hostile.report_count, before + 1);
	assert_non_null(strstr(hostile.last_message, "/proc/[pid]/io: the target has this file"));
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/2/io", O_RDONLY), -ENOENT);
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/99/io", O_RDONLY), -ENOENT);
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/2/fd/io", O_RDONLY), -ENOENT);
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/2/oi", O_RDONLY), -ENOENT);
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/99", O_RDONLY), -ENOENT);
	assert_int_equal(hostile.report_count, before + 1);
}

/* The names of a directory, one after the other with blanks; the errno that ended it. */
static long list_names(const char *path, char *names, size_t size)
{
	long fd = vfs_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY), part;
	static char listing[4096];
	size_t used = 0;

	assert_true(fd >= 0);
	while ((part = vfs_getdents((int)fd, listing, sizeof listing)) > 0)
		for (long at = 0; at < part; at += *(uint16_t *)(listing + at + 16))
			used += (size_t)snprintf(names + used, size - used, "%s ", listing + at + 19);
	if (part < 0)
		assert_int_equal(vfs_getdents((int)fd, listing, sizeof listing), 0);
	vfs_close((int)fd);
	return part;
}

static void processes_come_after_the_files_and_in_order(void **state)
{
	char names[512];

	fake_pid_highest = 11;
	assert_int_equal(list_names("/proc", names, sizeof names), 0);
	fake_pid_highest = 17;
	assert_string_equal(names,
			    ". .. long loop net outside pool refused self torn tree version 1 2 3 4 5 6 7 8 9 10 11 ");
	assert_int_equal(list_names("/proc/17", names, sizeof names), 0);
	assert_string_equal(names, ". .. comm cwd fd net task ");
}

static void a_torn_directory_gives_its_entries_then_one_error_then_ends(void **state)
{
	char names[512];

	fake_listing_torn = true;
	assert_int_equal(list_names("/proc/17/fd", names, sizeof names), -EIO);
	fake_listing_torn = false;
	assert_string_equal(names, ". .. 0 3 ");
	assert_true(runtime_fault_noted());
	assert_int_equal(hostile.report_count, 1);
	assert_non_null(strstr(hostile.last_message, "/proc/17/fd isn't whole: the table of descriptors ends early"));
}

static void a_process_that_ends_takes_its_files_along(void **state)
{
	long directory = vfs_open(AT_FDCWD, "/proc/17", O_RDONLY | O_DIRECTORY);
	long file = vfs_open((int)directory, "comm", O_RDONLY);
	struct stat stat;

	assert_true(file >= 0);
	assert_int_equal(vfs_stat((int)directory, "comm", 0, &stat), 0);
	fake_pid_highest = 16;
	assert_int_equal(vfs_open((int)directory, "comm", O_RDONLY), -ENOENT);
	assert_int_equal(vfs_stat((int)directory, "comm", 0, &stat), -ENOENT);
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/17", O_RDONLY), -ENOENT);
	assert_int_equal(vfs_getdents((int)directory, buffer, sizeof buffer), -ENOENT);
	assert_int_equal(vfs_read((int)file, buffer, sizeof buffer, -1), 10);
	fake_pid_highest = 17;
	assert_int_equal(hostile.report_count, 0);
}

static void what_a_magic_link_leads_to_can_be_asked_for_and_not_read(void **state)
{
	struct stat stat;

	assert_int_equal(vfs_readlink(AT_FDCWD, "/proc/17/fd/3", buffer, sizeof buffer), 17);
	assert_memory_equal(buffer, "/mnt/ab (deleted)", 17);
	assert_int_equal(vfs_stat(AT_FDCWD, "/proc/17/fd/3", 0, &stat), 0);
	assert_int_equal(stat.st_mode, S_IFREG | 0640);
	assert_int_equal(stat.st_ino, 4711);
	assert_int_equal(stat.st_dev, 0x801);
	assert_int_equal(stat.st_uid, 1000);
	assert_int_equal(stat.st_size, 12345);
	assert_int_equal(vfs_stat(AT_FDCWD, "/proc/17/fd/3", AT_SYMLINK_NOFOLLOW, &stat), 0);
	assert_int_equal(stat.st_mode, S_IFLNK | 0700);
	assert_int_equal(vfs_stat(AT_FDCWD, "/proc/17/cwd/", 0, &stat), -ENOTDIR);
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/17/fd/3", O_RDONLY), -EACCES);
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/17/fd/3", O_RDONLY | O_NOFOLLOW), -ELOOP);
	assert_int_equal(vfs_chdir("/proc/17/cwd"), -ENOTDIR);
	assert_int_equal(vfs_readlink(AT_FDCWD, "/proc/18/fd/3", buffer, sizeof buffer), -ENOENT);
}

static void a_target_that_cannot_be_read_is_an_error_never_an_empty_file(void **state)
{
	fake_target = STATUS_MALFORMED;
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/version", O_RDONLY), -EIO);
	fake_target = STATUS_GONE;
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/version", O_RDONLY), -EIO);
}

static void a_file_that_the_target_lacks_is_absent_everywhere(void **state)
{
	struct stat stat;
	long fd = vfs_open(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY), size;
	static char listing[4096];

	assert_int_equal(vfs_open(AT_FDCWD, "/proc/absent", O_RDONLY), -ENOENT);
	assert_int_equal(vfs_stat(AT_FDCWD, "/proc/absent", 0, &stat), -ENOENT);
	size = vfs_getdents((int)fd, listing, sizeof listing);
	assert_true(size > 0);
	assert_non_null(memmem(listing, (size_t)size, "version", 7));
	assert_null(memmem(listing, (size_t)size, "absent", 6));
	assert_int_equal(vfs_getdents((int)fd, listing, sizeof listing), 0);
}

static void a_listing_that_does_not_fit_goes_on_where_it_stopped(void **state)
{
	long fd = vfs_open(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY), size;
	int rounds = 0;

	assert_int_equal(vfs_getdents((int)fd, buffer, 8), -EINVAL);
	while ((size = vfs_getdents((int)fd, buffer, 32)) > 0)
		rounds++;
	assert_int_equal(size, 0);
	assert_int_equal(rounds, 29); /* ".", "..", ten names that are there, and 17 processes */
}

static char written[GATHERED_TEST_SIZE];
static size_t written_size;

static void take_writes(struct call_slot *slot)
{
	assert_int_equal(slot->number, SYS_write);
	assert_in_range(slot->argument[2], 0, sizeof written - written_size);
	memcpy(written + written_size, hostile.window.data + slot->argument[1], slot->argument[2]);
	written_size += slot->argument[2];
	slot->result = (int64_t)slot->argument[2];
}

static void parts_that_are_written_at_once_leave_at_once(void **state)
{
	static char much[GATHERED_TEST_SIZE / 2];
	const struct iovec parts[] = {{"one", 3}, {NULL, 0}, {", two", 5}};
	const struct iovec large[] = {{much, sizeof much}, {"end", 3}};

	vfs_init();
	hostile.serve = take_writes;
	written_size = 0;
	assert_int_equal(vfs_writev(1, parts, 3), 8);
	assert_int_equal(hostile.call_count, 1);
	assert_memory_equal(written, "one, two", 8);
	/* More than there is room for: part by part, and none is lost. */
	memset(much, 'm', sizeof much);
	assert_int_equal(vfs_writev(1, large, 2), sizeof much + 3);
	assert_int_equal(written_size, 8 + sizeof much + 3);
	assert_memory_equal(written + 8, much, sizeof much);
	assert_memory_equal(written + 8 + sizeof much, "end", 3);
	assert_int_equal(vfs_writev(1, parts, -1), -EINVAL);
	assert_int_equal(vfs_writev(50, parts, 3), -EBADF);
	hostile.serve = NULL;
	hostile.result = -EPIPE;
	assert_int_equal(vfs_writev(1, parts, 3), -EPIPE);
}

static void nothing_can_be_written(void **state)
{
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/version", O_RDWR), -EACCES);
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/new", O_WRONLY | O_CREAT), -EROFS);
	assert_int_equal(vfs_open(AT_FDCWD, "/etc/services", O_WRONLY), -EROFS);
	assert_int_equal(vfs_open(AT_FDCWD, "/proc/self", O_RDWR), -EISDIR);
	assert_int_equal(hostile.call_count, 0);
}

static void files_outside_the_manifest_are_absent_without_asking(void **state)
{
	assert_int_equal(vfs_open(AT_FDCWD, "/etc/shadow", O_RDONLY), -ENOENT);
	assert_int_equal(vfs_access(AT_FDCWD, "/etc/shadow", F_OK, 0), -ENOENT);
	assert_int_equal(hostile.call_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_lowest_descriptor_is_taken, setup),
		cmocka_unit_test_setup(duplicates_share_the_offset_and_outlive_each_other, setup),
		cmocka_unit_test_setup(reading_at_a_position_leaves_the_offset, setup),
		cmocka_unit_test_setup(close_on_exec_belongs_to_the_descriptor, setup),
		cmocka_unit_test_setup(the_table_ends_at_its_limit, setup),
		cmocka_unit_test_setup(a_refused_file_gives_its_error_each_time_and_is_no_fault, setup),
		cmocka_unit_test_setup(a_torn_file_gives_its_text_then_one_error_then_ends, setup),
		cmocka_unit_test_setup(a_file_that_changed_while_it_was_read_is_made_anew_each_time_in_another_epoch,
				       setup),
		cmocka_unit_test_setup(a_file_that_goes_on_changing_is_marked_at_the_last_try, setup),
		cmocka_unit_test_setup(a_long_file_comes_in_parts_wherever_it_is_read, setup),
		cmocka_unit_test_setup(a_long_file_whose_epoch_ends_on_the_way_is_never_two_moments, setup),
		cmocka_unit_test_setup(who_reads_from_the_beginning_again_gets_what_is_now, setup),
		cmocka_unit_test_setup(what_the_target_has_and_we_lack_is_said_once, setup),
		cmocka_unit_test_setup(what_every_process_has_and_we_lack_is_said_once_for_all, setup),
		cmocka_unit_test_setup(processes_come_after_the_files_and_in_order, setup),
		cmocka_unit_test_setup(a_torn_directory_gives_its_entries_then_one_error_then_ends, setup),
		cmocka_unit_test_setup(a_process_that_ends_takes_its_files_along, setup),
		cmocka_unit_test_setup(what_a_magic_link_leads_to_can_be_asked_for_and_not_read, setup),
		cmocka_unit_test_setup(a_target_that_cannot_be_read_is_an_error_never_an_empty_file, setup),
		cmocka_unit_test_setup(a_file_that_the_target_lacks_is_absent_everywhere, setup),
		cmocka_unit_test_setup(a_listing_that_does_not_fit_goes_on_where_it_stopped, setup),
		cmocka_unit_test_setup(parts_that_are_written_at_once_leave_at_once, setup),
		cmocka_unit_test_setup(nothing_can_be_written, setup),
		cmocka_unit_test_setup(files_outside_the_manifest_are_absent_without_asking, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
