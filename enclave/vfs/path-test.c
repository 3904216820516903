/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <stdio.h>

#include "enclave/runtime/hostile-host.h"
#include "enclave/vfs/fake-proc.h"
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
	leads("/proc/self/net", "tcp", "/proc/self/net/tcp");
	leads("/proc/self/net", "../../version", "/proc/version");
	leads("/proc", "/etc/services", "/etc/services");
}

static void links_are_followed_as_linux_does(void **state)
{
	leads("/", "/proc/net", "/proc/self/net");
	leads("/", "/proc/net/tcp", "/proc/self/net/tcp");
	leads("/", "/proc/net/..", "/proc/self");
	leads("/", "/proc/outside", "/etc/services");
	assert_int_equal(place.kind, PLACE_HOST);
	assert_int_equal(path_resolve("/", "/proc/net", false, &place), 0);
	assert_string_equal(place.path, "/proc/net");
	assert_int_equal(path_resolve("/", "/proc/net/", false, &place), 0);
	assert_string_equal(place.path, "/proc/self/net");
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
		cmocka_unit_test(links_in_a_circle_end),
		cmocka_unit_test(a_file_is_no_directory),
		cmocka_unit_test(what_is_not_there_is_not_there),
		cmocka_unit_test(a_path_cannot_climb_out_of_what_is_allowed),
		cmocka_unit_test(long_paths_are_refused),
	};

	hostile_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
