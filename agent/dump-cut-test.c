/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dumps that somebody cuts while they are attached to. */
#include "agent/dump.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/serve/guarded.h"
#include "agent/serve/hub.h"
#include "base/report.h"
#include "base/test.h"
#include "guest/memory/address.h"

/* As small as a machine's that has two layouts to choose from; nearly all of it is a hole. */
#define LARGE_SIZE (0xb0000000LL + GUEST_PAGE_SIZE)

enum { ROUNDS = 3 };

static char path[64];
static enum { NEVER, ONCE_MAPPED, WHILE_SEARCHED } cut;
static char last_message[1024];

static void keep_message(void *context, status fault, const char *message)
{
	(void)context, (void)fault;
	snprintf(last_message, sizeof last_message, "%s", message);
}

static void cut_now(void)
{
	cut = NEVER;
	assert_int_equal(truncate(path, 0), 0);
}

/* In place of libc's, here and below: between what the agent asks of the file and its next look at it. */
void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
	void *mapped = (void *)syscall(SYS_mmap, address, size, protection, flags, file, offset); /* NOLINT */

	if (file >= 0 && cut == ONCE_MAPPED)
		cut_now();
	return mapped;
}

off_t lseek(int file, off_t offset, int whence)
{
	const off_t place = (off_t)syscall(SYS_lseek, file, offset, whence);

	if (whence == SEEK_HOLE && cut == WHILE_SEARCHED)
		cut_now();
	return place;
}

static void write_file(const void *bytes, size_t size, off_t at, off_t whole_size)
{
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(file >= 0);
	assert_int_equal(pwrite(file, bytes, size, at), size);
	assert_int_equal(ftruncate(file, whole_size), 0);
	close(file);
}

static int open_count(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	while (directory != NULL && readdir(directory) != NULL)
		count++;
	if (directory != NULL)
		closedir(directory);
	assert_true(count > 0);
	return count;
}

static void check_heard(void)
{
	(void)!report(STATUS_IO, "heard");
	assert_string_equal(last_message, "heard");
}

static void check_cut(const void *bytes, size_t size, off_t at, off_t whole_size, int when)
{
	const int before = open_count();
	struct target *target;

	/* Behind cmocka, which handles SIGBUS itself. */
	assert_int_equal(guarded_init(), STATUS_OK);
	for (int i = 0; i < ROUNDS; i++) {
		write_file(bytes, size, at, whole_size);
		cut = when;
		last_message[0] = '\0';
		assert_int_equal(dump_target_create(path, &target), STATUS_IO);
		assert_int_equal(cut, NEVER);
		/* Whoever keeps the log reads why. */
		assert_string_not_equal(last_message, "");
	}
	assert_int_equal(open_count(), before);
	check_heard();
}

static void a_core_that_is_cut_once_it_is_mapped_is_an_error(void **state)
{
	static const Elf64_Ehdr header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3}};

	(void)state;
	check_cut(&header, sizeof header, 0, GUEST_PAGE_SIZE, ONCE_MAPPED);
}

static void raw_memory_that_is_cut_while_it_is_searched_is_an_error(void **state)
{
	static const char byte[1] = {1};

	(void)state;
	check_cut(byte, sizeof byte, 1 << 20, LARGE_SIZE, WHILE_SEARCHED);
}

static void a_look_at_a_served_target_that_is_cut_leaves_nobody_mute(void **state)
{
	static struct hub hub;
	static const char byte[1] = {1};
	char name[sizeof path + 32];
	const char *const allowed[] = {name};
	struct hub_target *target = NULL;
	struct guest_space space;

	(void)state;
	snprintf(name, sizeof name, "dump:%s,layout=flat", path);
	assert_int_equal(guarded_init(), STATUS_OK);
	write_file(byte, sizeof byte, 1 << 20, 1 << 22);
	assert_int_equal(hub_init(&hub, allowed, 1, NULL), STATUS_OK);
	assert_int_equal(hub_acquire(&hub, name, &target), STATUS_OK);
	cut = WHILE_SEARCHED;
	assert_int_equal(hub_target_kernel_space(target, &space), STATUS_IO);
	assert_int_equal(cut, NEVER);
	hub_release(&hub, target);
	hub_deinit(&hub);
	check_heard();
}

static int set_up(void **state)
{
	(void)state;
	snprintf(path, sizeof path, "/tmp/dump-cut-test.%d", (int)getpid());
	report_sink_set(keep_message, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_core_that_is_cut_once_it_is_mapped_is_an_error),
		cmocka_unit_test(raw_memory_that_is_cut_while_it_is_searched_is_an_error),
		cmocka_unit_test(a_look_at_a_served_target_that_is_cut_leaves_nobody_mute),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
