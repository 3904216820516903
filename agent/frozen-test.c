/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/frozen.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test.h"

static bool disk_is_full;

/* In the C library's place. */
int fallocate(int file, int mode, off_t offset, off_t size)
{
	if (!disk_is_full)
		return (int)syscall(SYS_fallocate, file, mode, offset, size);
	errno = ENOSPC;
	return -1;
}

/* A machine whose every page says how often it was read: no two copies are the same. */
struct ticking {
	struct page_source source; /* must be first */
	_Atomic uint64_t ticks;
};

static status tick_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	uint64_t words[GUEST_PAGE_SIZE / 8], tick = ++((struct ticking *)source)->ticks;

	for (size_t i = 0; i < GUEST_PAGE_SIZE / 8; i++)
		words[i] = tick;
	memcpy(destination, (uint8_t *)words + start.value % GUEST_PAGE_SIZE, size);
	return STATUS_OK;
}

static const struct page_source_ops tick_ops = {.read = tick_read};

static struct ticking machine;
static struct frozen_store *store;
static struct frozen frozen;

static int setup(void **state)
{
	(void)state;
	machine = (struct ticking){.source = {.ops = &tick_ops}};
	assert_int_equal(frozen_store_create(-1, "morning", "qemu:1", &store), STATUS_OK);
	frozen_init(&frozen, &machine.source, store);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	frozen_store_destroy(store);
	return 0;
}

static uint64_t word_at(struct page_source *source, uint64_t address)
{
	uint64_t word = 0;

	assert_int_equal(source->ops->read(source, (struct guest_pa){address}, &word, sizeof word), STATUS_OK);
	return word;
}

static void each_page_has_the_version_that_was_copied_first(void **state)
{
	(void)state;
	assert_int_equal(word_at(&frozen.source, 0x5000), 1);
	assert_int_equal(word_at(&frozen.source, 0x7008), 2);
	assert_int_equal(word_at(&frozen.source, 0x5ff8), 1);
	assert_int_equal(word_at(&frozen.source, 0x7000), 2);
	assert_int_equal(machine.ticks, 2);
	assert_int_equal(frozen_store_page_count(store), 2);
}

static void what_is_now_is_read_past_it(void **state)
{
	(void)state;
	assert_int_equal(word_at(&frozen.source, 0x5000), 1);
	assert_int_equal(word_at(frozen.source.now, 0x5000), 2);
	assert_int_equal(word_at(&frozen.source, 0x5000), 1);
}

enum { RACE_PAGE_COUNT = 2000, RACE_THREAD_COUNT = 4 };

static uint64_t seen[RACE_THREAD_COUNT][RACE_PAGE_COUNT];

static void *race(void *argument)
{
	uint64_t *own = argument;

	for (uint64_t i = 0; i < RACE_PAGE_COUNT; i++)
		(void)!frozen.source.ops->read(&frozen.source, (struct guest_pa){i << GUEST_PAGE_SHIFT}, &own[i], 8);
	return NULL;
}

static void who_races_for_a_page_gets_the_same_one(void **state)
{
	pthread_t threads[RACE_THREAD_COUNT];

	(void)state;
	for (int i = 0; i < RACE_THREAD_COUNT; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, race, seen[i]), 0);
	for (int i = 0; i < RACE_THREAD_COUNT; i++)
		pthread_join(threads[i], NULL);
	for (int i = 1; i < RACE_THREAD_COUNT; i++)
		assert_memory_equal(seen[0], seen[i], sizeof seen[0]);
}

static void a_full_one_says_so_and_keeps_what_it_has(void **state)
{
	uint64_t word;

	(void)state;
	for (uint64_t i = 0; i < FROZEN_PAGE_COUNT_MAX; i++)
		assert_int_equal(word_at(&frozen.source, i << GUEST_PAGE_SHIFT), i + 1);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			frozen.source.ops->read(&frozen.source,
						(struct guest_pa){(uint64_t)FROZEN_PAGE_COUNT_MAX << GUEST_PAGE_SHIFT},
						&word, sizeof word),
			STATUS_LIMIT);
	assert_int_equal(word_at(&frozen.source, 0), 1);
}

static void processes_share_one_by_its_file(void **state)
{
	int file = memfd_create("epoch", MFD_CLOEXEC), end;
	struct frozen_store *first, *second;
	struct frozen ours;

	(void)state;
	assert_int_equal(frozen_store_create(file, "evening", "qemu:2", &first), STATUS_OK);
	frozen_init(&ours, &machine.source, first);
	pid_t child = fork();
	if (child == 0) {
		uint64_t word = 0;

		machine.ticks = 100;
		(void)!ours.source.ops->read(&ours.source, (struct guest_pa){0x3000}, &word, sizeof word);
		_exit(word == 101 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &end, 0), child);
	assert_int_equal(end, 0);
	assert_int_equal(frozen_store_open(file, &second), STATUS_OK);
	assert_string_equal(frozen_store_name(second), "evening");
	assert_string_equal(frozen_store_subject(second), "qemu:2");
	assert_int_equal(word_at(&ours.source, 0x3000), 101);
	frozen_init(&ours, &machine.source, second);
	assert_int_equal(word_at(&ours.source, 0x3000), 101);
	frozen_store_destroy(first);
	frozen_store_destroy(second);
	close(file);
}

static void a_file_that_is_none_is_refused(void **state)
{
	int file = memfd_create("epoch", MFD_CLOEXEC);
	struct frozen_store *own;

	(void)state;
	assert_int_equal(frozen_store_open(file, &own), STATUS_MALFORMED);
	assert_int_equal(frozen_store_create(file, "evening", "qemu:2", &own), STATUS_OK);
	frozen_store_destroy(own);
	assert_int_equal(ftruncate(file, 1 << 20), 0);
	assert_int_equal(frozen_store_open(file, &own), STATUS_MALFORMED);
	close(file);
}

static void one_that_is_too_old_is_over(void **state)
{
	int file = memfd_create("epoch", MFD_CLOEXEC);
	struct frozen_store *own;
	uint64_t long_ago = 1;

	(void)state;
	assert_int_equal(frozen_store_create(file, "evening", "qemu:2", &own), STATUS_OK);
	assert_false(frozen_store_is_over(own));
	frozen_store_destroy(own);
	/* The second word says when it was made: in the machine's first microsecond. */
	assert_int_equal(pwrite(file, &long_ago, sizeof long_ago, 8), sizeof long_ago);
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	if (now.tv_sec <= FROZEN_LIFE_S)
		skip(); /* the machine itself is younger than an epoch's life */
	assert_int_equal(frozen_store_open(file, &own), STATUS_END);
	close(file);
}

static void one_in_use_ends_when_its_time_is_over(void **state)
{
	int file = memfd_create("epoch", MFD_CLOEXEC);
	uint64_t long_ago = 1, word;
	struct frozen_store *own;
	struct frozen ours;
	struct timespec now;

	(void)state;
	clock_gettime(CLOCK_BOOTTIME, &now);
	if (now.tv_sec <= FROZEN_LIFE_S)
		skip(); /* the machine itself is younger than an epoch's life */
	assert_int_equal(frozen_store_create(file, "evening", "qemu:2", &own), STATUS_OK);
	frozen_init(&ours, &machine.source, own);
	(void)word_at(&ours.source, 0x3000);
	assert_int_equal(pwrite(file, &long_ago, sizeof long_ago, 8), sizeof long_ago);
	/* Neither what it has nor what it hasn't. */
	for (uint64_t address = 0x3000; address < 0x5000; address += 0x1000)
		assert_int_equal(ours.source.ops->read(&ours.source, (struct guest_pa){address}, &word, sizeof word),
				 STATUS_LIMIT);
	frozen_store_destroy(own);
	close(file);
}

static void a_file_without_room_is_an_error_and_no_signal(void **state)
{
	int file = memfd_create("epoch", MFD_CLOEXEC);
	struct frozen_store *own;
	struct frozen ours;
	uint64_t word;

	(void)state;
	disk_is_full = true;
	assert_int_equal(frozen_store_create(file, "evening", "qemu:2", &own), STATUS_IO);
	disk_is_full = false;
	assert_int_equal(frozen_store_create(file, "evening", "qemu:2", &own), STATUS_OK);
	frozen_init(&ours, &machine.source, own);
	uint64_t first = word_at(&ours.source, 0x3000);
	disk_is_full = true;
	assert_int_equal(ours.source.ops->read(&ours.source, (struct guest_pa){0x4000}, &word, sizeof word),
			 STATUS_LIMIT);
	assert_int_equal(word_at(&ours.source, 0x3000), first);
	disk_is_full = false;
	frozen_store_destroy(own);
	close(file);
}

static void names_are_short_and_plain(void **state)
{
	(void)state;
	assert_true(frozen_name_is_valid("a"));
	assert_true(frozen_name_is_valid("Look-2.b_xyz123"));
	assert_false(frozen_name_is_valid("Look-2.b_xyz1234"));
	assert_false(frozen_name_is_valid(""));
	assert_false(frozen_name_is_valid(".."));
	assert_false(frozen_name_is_valid("a/b"));
	assert_false(frozen_name_is_valid("a b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_page_has_the_version_that_was_copied_first, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_now_is_read_past_it, setup, teardown),
		cmocka_unit_test_setup_teardown(who_races_for_a_page_gets_the_same_one, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_one_says_so_and_keeps_what_it_has, setup, teardown),
		cmocka_unit_test(processes_share_one_by_its_file),
		cmocka_unit_test(a_file_that_is_none_is_refused),
		cmocka_unit_test(one_that_is_too_old_is_over),
		cmocka_unit_test(one_in_use_ends_when_its_time_is_over),
		cmocka_unit_test(a_file_without_room_is_an_error_and_no_signal),
		cmocka_unit_test(names_are_short_and_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
