/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "enclave/runtime/hostile-host.h"
#include "enclave/vfs/device.h"
#include "enclave/vfs/fake-proc.h"
#include "enclave/vfs/files.h"
#include "enclave/vfs/path.h"

static struct place place;

/* Resolve, and compare where it ended. */
static void leads(const char *base, const char *path, const char *expected)
{
	assert_int_equal(path_resolve(base, path, true, &place), 0);
	assert_string_equal(place.path, expected);
}

static void fails(const char *base, const char *path, long error)
{
	assert_int_equal(path_resolve(base, path, true, &place), error);
}

static void dots_and_slashes_fall_away(void **state)
{
	leads("/", "/proc/./version", "/proc/version");
	leads("/", "//proc///version", "/proc/version");
	leads("/", "/proc/self/../version", "/proc/version");
	leads("/", "/../../proc/version", "/proc/version");
	leads("/", "/", "/");
	leads("/", ".", "/");
	leads("/", "..", "/");
	leads("/", "/proc/..", "/");
}

static void relative_paths_start_at_the_base(void **state)
{
	leads("/proc", "version", "/proc/version");
	leads("/proc/1/net", "tcp", "/proc/1/net/tcp");
	leads("/proc/1/net", "../../version", "/proc/version");
	leads("/proc", "/etc/services", "/etc/services");
}

static void links_are_followed_as_linux_does(void **state)
{
	leads("/", "/proc/net", "/proc/1/net");
	leads("/", "/proc/net/tcp", "/proc/1/net/tcp");
	leads("/", "/proc/net/..", "/proc/1");
	leads("/", "/proc/outside", "/etc/services");
	assert_int_equal(place.kind, PLACE_HOST);
	assert_int_equal(path_resolve("/", "/proc/net", false, &place), 0);
	assert_string_equal(place.path, "/proc/net");
	assert_int_equal(path_resolve("/", "/proc/net/", false, &place), 0);
	assert_string_equal(place.path, "/proc/1/net");
}

static void a_magic_link_ends_the_walk(void **state)
{
	leads("/", "/proc/self/cwd", "/proc/1/cwd");
	leads("/", "/proc/17/cwd/", "/proc/17/cwd");
	fails("/", "/proc/17/cwd/x", -EACCES);
	fails("/", "/proc/17/cwd/..", -EACCES);
}

static void a_process_that_is_not_there_has_no_files(void **state)
{
	leads("/", "/proc/17/task/17/comm", "/proc/17/task/17/comm");
	assert_int_equal(place.entry.subject.tid, 17);
	fails("/", "/proc/18/comm", -ENOENT);
	fails("/", "/proc/18/../version", -ENOENT);
	fails("/", "/proc/17/task/16/comm", -ENOENT);
}

static void below_a_tree_the_target_says_what_there_is(void **state)
{
	leads("/", "/proc/tree/dir", "/proc/tree/dir");
	assert_true(S_ISDIR(place.mode));
	leads("/", "/proc/tree/dir/max", "/proc/tree/dir/max");
	assert_true(S_ISREG(place.mode));
	leads("/", "/proc/tree/dir/../../version", "/proc/version");
	fails("/", "/proc/tree/dir/max/x", -ENOTDIR);
	fails("/", "/proc/tree/min", -ENOENT);
}

static void links_in_a_circle_end(void **state)
{
	fails("/", "/proc/loop", -ELOOP);
	fails("/", "/proc/pool/x", -ELOOP);
}

static void a_file_is_no_directory(void **state)
{
	fails("/", "/proc/version/", -ENOTDIR);
	fails("/", "/proc/version/x", -ENOTDIR);
	fails("/", "/proc/version/..", -ENOTDIR);
	fails("/", "/etc/services/x", -ENOTDIR);
}

static void what_is_not_there_is_not_there(void **state)
{
	fails("/", "", -ENOENT);
	fails("/", "/proc/nothing", -ENOENT);
	fails("/", "/proc/nothing/..", -ENOENT);
	fails("/", "/proc/self/nothing", -ENOENT);
	fails("/", "/etc/shadow", -ENOENT);
	fails("/", "/process", -ENOENT);
	fails("/", "/root", -ENOENT);
}

static void a_path_cannot_climb_out_of_what_is_allowed(void **state)
{
	fails("/", "/usr/share/zoneinfo/../../../etc/shadow", -ENOENT);
	fails("/", "/etc/services/../shadow", -ENOTDIR);
	leads("/", "/usr/share/zoneinfo/a/../b", "/usr/share/zoneinfo/b");
}

static void the_programs_own_number_is_self(void **state)
{
	leads("/", "/proc/4194305/comm", "/proc/1/comm");
	leads("/proc", "4194305", "/proc/1");
	leads("/proc", "./4194305/", "/proc/1");
}

static void devices_have_the_numbers_of_every_linux(void **state)
{
	static const char *const names[] = {"/dev/null", "/dev/tty"};
	static const char *const missing[] = {"/dev/nul",      "/dev/nulls", "/dev/pts/01",	  "/dev/pts/-1",
					      "/dev/pts/1x",   "/dev/tty64", "/dev/pts/99999999", "/dev/ttyS",
					      "/dev/ttyS0000", "/dev/sda",   "/dev/pts/1048576"};
	struct stat ours;

	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		struct stat own;

		/* This machine's own say what is right. */
		assert_int_equal(stat(names[i], &own), 0);
		assert_int_equal(path_resolve("/", names[i], true, &place), 0);
		assert_int_equal(place_stat(&place, true, &ours), 0);
		assert_int_equal(ours.st_mode, own.st_mode);
		assert_int_equal(ours.st_rdev, own.st_rdev);
	}
	for (size_t i = 0; i < ARRAY_COUNT(missing); i++)
		fails("/", missing[i], -ENOENT);
	leads("/", "/dev/pts/1048575", "/dev/pts/1048575");
	leads("/", "/dev/pts/", "/dev/pts");
	leads("/dev", "pts/../ttyS191", "/dev/ttyS191");
	fails("/", "/dev/null/x", -ENOTDIR);
}

static void dev_null_is_empty_and_takes_everything(void **state)
{
	struct file *file;
	char byte;

	assert_int_equal(path_resolve("/", "/dev/null", true, &place), 0);
	assert_int_equal(device_open(&place, O_RDWR, &file), 0);
	assert_int_equal(file->ops->read(file, &byte, 1, -1), 0);
	assert_int_equal(file->ops->write(file, "x", 1), 1);
	file_release(file);
	assert_int_equal(device_open(&place, O_WRONLY, &file), 0);
	assert_int_equal(file->ops->read(file, &byte, 1, -1), -EBADF);
	file_release(file);
	assert_int_equal(path_resolve("/", "/dev/tty", true, &place), 0);
	assert_int_equal(device_open(&place, O_RDONLY, &file), -ENXIO);
}

static void long_paths_are_refused(void **state)
{
	static char path[10000];

	memset(path, 'a', sizeof path - 1);
	fails("/proc", path, -ENAMETOOLONG);
	for (size_t i = 0; i < sizeof path - 2; i += 2)
		memcpy(path + i, "./", 2);
	fails("/proc", path, -ENAMETOOLONG);
	/* Just fits, and falls away to nothing. */
	path[4094] = '\0';
	leads("/proc", path, "/proc");
	/* Fits, but not together with where it starts. */
	memset(path, 'a', 4094);
	fails("/proc", path, -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dots_and_slashes_fall_away),
		cmocka_unit_test(relative_paths_start_at_the_base),
		cmocka_unit_test(links_are_followed_as_linux_does),
		cmocka_unit_test(a_magic_link_ends_the_walk),
		cmocka_unit_test(a_process_that_is_not_there_has_no_files),
		cmocka_unit_test(below_a_tree_the_target_says_what_there_is),
		cmocka_unit_test(links_in_a_circle_end),
		cmocka_unit_test(a_file_is_no_directory),
		cmocka_unit_test(what_is_not_there_is_not_there),
		cmocka_unit_test(a_path_cannot_climb_out_of_what_is_allowed),
		cmocka_unit_test(the_programs_own_number_is_self),
		cmocka_unit_test(devices_have_the_numbers_of_every_linux),
		cmocka_unit_test(dev_null_is_empty_and_takes_everything),
		cmocka_unit_test(long_paths_are_refused),
	};

	hostile_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
