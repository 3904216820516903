/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "enclave/runtime/fault.h"
/* The manifest's only name of the target is /run/named. */
#include "enclave/runtime/hostile-host.h"
#include "enclave/vfs/fake-proc.h"
#include "enclave/vfs/path.h"
#include "enclave/vfs/sockets.h"
#include "enclave/vfs/vfs.h"

static struct stat answer;

static int setup(void **state)
{
	hostile_init();
	return 0;
}

static long ask_stat(const char *path, int flags)
{
	return vfs_stat(AT_FDCWD, path, flags, &answer);
}

static void a_name_of_the_targets_is_told_from_its_memory(void **state)
{
	assert_int_equal(ask_stat("/run/named/pid", 0), 0);
	assert_int_equal(answer.st_mode, S_IFREG | 0600);
	assert_int_equal(answer.st_uid, 53);
	assert_int_equal(answer.st_ino, 77);
	assert_int_equal(answer.st_dev, 0x19);
	assert_int_equal(answer.st_size, 5);
	assert_int_equal(ask_stat("//run/named/link", AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(answer.st_ino, 78);
}

static void what_is_not_there_has_the_errors_of_linux(void **state)
{
	char path[VFS_PATH_SIZE_MAX + 20];

	assert_int_equal(ask_stat("/run/named/gone", 0), -ENOENT);
	assert_int_equal(ask_stat("/run/named/pid/x", 0), -ENOTDIR);
	assert_int_equal(ask_stat("/run/named/loop", 0), -ELOOP);
	memset(path, 'x', sizeof path);
	memcpy(path, "/run/named/", strlen("/run/named/"));
	path[sizeof path - 1] = '\0';
	assert_int_equal(ask_stat(path, 0), -ENAMETOOLONG);
}

static void what_memory_does_not_tell_is_an_error_of_the_run(void **state)
{
	assert_false(runtime_fault_noted());
	assert_int_equal(ask_stat("/run/named/other", 0), -EIO);
	assert_true(runtime_fault_noted());
}

static void links_are_read_where_memory_has_them(void **state)
{
	char text[8] = "";

	assert_int_equal(vfs_readlink(AT_FDCWD, "/run/named/link", text, sizeof text), 3);
	assert_memory_equal(text, "pid", 3);
	assert_int_equal(vfs_readlink(AT_FDCWD, "/run/named/link", text, 2), 2);
	assert_int_equal(vfs_readlink(AT_FDCWD, "/run/named/pid", text, sizeof text), -EINVAL);
	assert_int_equal(vfs_readlink(AT_FDCWD, "/run/named/long-link", text, sizeof text), -EIO);
}

static void nothing_else_is_asked_of_the_target(void **state)
{
	size_t before = fake_file_question_count;

	assert_int_equal(ask_stat("/run/namedd/pid", 0), -ENOENT);
	assert_int_equal(ask_stat("/run", 0), -ENOENT);
	assert_int_equal(ask_stat("run/named/pid", 0), -ENOENT);
	assert_int_equal(ask_stat("/proc/version", 0), 0);
	assert_int_equal(vfs_open(AT_FDCWD, "/run/named/pid", O_RDONLY), -ENOENT);
	assert_int_equal(vfs_open(AT_FDCWD, "/run/named/pid", O_PATH), -ENOENT);
	assert_int_equal(fake_file_question_count, before);
}

static void sockets_are_of_the_targets_device(void **state)
{
	struct file *file;

	assert_int_equal(inet_socket_open(0, &file), 0);
	assert_int_equal(file->ops->stat(file, &answer), 0);
	assert_int_equal(answer.st_dev, 8);
	assert_true(S_ISSOCK(answer.st_mode));
	file_release(file);
	assert_int_equal(netlink_socket_open(0, 0, &file), 0);
	assert_int_equal(file->ops->stat(file, &answer), 0);
	assert_int_equal(answer.st_dev, 8);
	file_release(file);
}

static void sockets_tell_the_name_of_their_protocol(void **state)
{
	char name[16];

	assert_int_equal(vfs_getxattr("/proc/1/fd/3", "system.sockprotoname", name, sizeof name), 6);
	assert_string_equal(name, "TCPv6");
	assert_int_equal(vfs_getxattr("/proc/1/fd/3", "system.sockprotoname", NULL, 0), 6);
	assert_int_equal(vfs_getxattr("/proc/1/fd/3", "system.sockprotoname", name, 5), -ERANGE);
	assert_int_equal(vfs_getxattr("/proc/1/fd/0", "system.sockprotoname", name, sizeof name), -ENOTSUP);
	assert_int_equal(vfs_getxattr("/proc/1/fd/3", "security.selinux", name, sizeof name), -ENOTSUP);
	assert_int_equal(vfs_getxattr("/proc/version", "system.sockprotoname", name, sizeof name), -ENOTSUP);
	assert_int_equal(vfs_getxattr("/proc/nothing", "system.sockprotoname", name, sizeof name), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_of_the_targets_is_told_from_its_memory),
		cmocka_unit_test(what_is_not_there_has_the_errors_of_linux),
		cmocka_unit_test(what_memory_does_not_tell_is_an_error_of_the_run),
		cmocka_unit_test(links_are_read_where_memory_has_them),
		cmocka_unit_test(nothing_else_is_asked_of_the_target),
		cmocka_unit_test(sockets_tell_the_name_of_their_protocol),
		cmocka_unit_test(sockets_are_of_the_targets_device),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
