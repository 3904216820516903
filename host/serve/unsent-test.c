/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"
#include "host/serve/unsent.h"
#include "wire/call.h"

static char directory[64], path[96];
/* Runs of one image on one target. */
static struct unsent_files *first, *second;

static struct unsent_files *start(void)
{
	struct unsent_files *files = NULL;

	assert_int_equal(unsent_files_create(path, &files), STATUS_OK);
	return files;
}

static void end(struct unsent_files **files)
{
	unsent_files_destroy(*files);
	*files = NULL;
}

/* The path of the only file; how many there are. */
static size_t find_file(char ret_path[512])
{
	DIR *opened = opendir(directory);
	size_t count = 0;

	if (opened == NULL)
		abort();
	for (struct dirent *entry; (entry = readdir(opened)) != NULL;)
		if (entry->d_name[0] != '.') {
			snprintf(ret_path, 512, "%s/%s", directory, entry->d_name);
			count++;
		}
	closedir(opened);
	return count;
}

static int set_up(void **state)
{
	snprintf(directory, sizeof directory, "/tmp/unsent-test-XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/unsent-image", directory);
	first = start();
	second = start();
	return 0;
}

static int tear_down(void **state)
{
	char file[512];

	end(&first);
	end(&second);
	while (find_file(file) > 0)
		unlink(file);
	return rmdir(directory);
}

static void put(struct unsent_files *files, const char *record)
{
	assert_int_equal(unsent_put(files, record, strlen(record)), STATUS_OK);
}

static void assert_record(struct unsent_files *files, uint64_t file, uint64_t number, const char *wanted)
{
	char record[16];

	assert_int_equal(unsent_get(files, file, number, record, sizeof record), strlen(wanted));
	assert_memory_equal(record, wanted, strlen(wanted));
}

static void records_come_back_to_a_later_run_in_their_order_until_they_are_forgotten(void **state)
{
	char file[512];
	struct stat stat_;

	assert_int_equal(unsent_clear(first, CALL_UNSENT_OWN), STATUS_OK);
	put(first, "first");
	put(first, "second");
	assert_int_equal(find_file(file), 1);
	assert_int_equal(stat(file, &stat_), 0);
	assert_int_equal(stat_.st_mode & 07777, 0600);
	end(&first);
	assert_record(second, 0, 1, "second");
	assert_record(second, 0, 0, "first");
	assert_record(second, 0, 2, "");
	assert_record(second, 1, 0, "");
	assert_int_equal(unsent_clear(second, 0), STATUS_OK);
	assert_record(second, 0, 0, "");
	assert_int_equal(find_file(file), 0);
}

static void what_a_run_that_goes_on_has_kept_is_its_own(void **state)
{
	char file[512];

	put(first, "first");
	assert_record(second, 0, 0, "");
	put(second, "second");
	assert_int_equal(unsent_clear(second, CALL_UNSENT_OWN), STATUS_OK);
	put(first, "third");
	end(&first);
	end(&second);
	second = start();
	assert_record(second, 0, 0, "first");
	assert_record(second, 0, 1, "third");
	assert_int_equal(find_file(file), 1);
}

/* The verifier couldn't be told what is left at first, and takes what is new later. */
static void forgetting_what_is_new_leaves_what_is_old(void **state)
{
	put(first, "old");
	end(&first);
	assert_record(second, 0, 0, "old");
	put(second, "new");
	assert_int_equal(unsent_clear(second, CALL_UNSENT_OWN), STATUS_OK);
	put(second, "newer");
	assert_record(second, 0, 0, "old");
	end(&second);
	second = start();
	char record[16];
	size_t sizes = 0;
	for (uint64_t i = 0; i < 3; i++)
		sizes += (size_t)unsent_get(second, i, 0, record, sizeof record);
	assert_int_equal(sizes, strlen("old") + strlen("newer"));
}

static void of_two_runs_that_begin_one_gets_what_is_left(void **state)
{
	put(first, "first");
	end(&first);
	first = start();
	assert_record(second, 0, 0, "first");
	assert_record(first, 0, 0, "");
}

static void a_file_that_was_cut_ends_before_the_cut(void **state)
{
	char file[512];

	put(first, "first");
	put(first, "second");
	end(&first);
	assert_int_equal(find_file(file), 1);
	/* Two sizes of four bytes; of the second record one byte is missing. */
	assert_int_equal(truncate(file, 4 + 5 + 4 + 5), 0);
	/* What is new doesn't get behind it. */
	put(second, "third");
	assert_record(second, 0, 0, "first");
	assert_record(second, 0, 1, "");
	end(&second);
	second = start();
	char record[16];
	int64_t a = unsent_get(second, 0, 0, record, sizeof record),
		b = unsent_get(second, 1, 0, record, sizeof record);
	assert_true(a == 5 && b == 5);
}

static void what_is_left_of_half_a_record_is_cut_before_the_next_one(void **state)
{
	char file[512];

	put(first, "first");
	assert_int_equal(find_file(file), 1);
	/* As a full disk leaves it. */
	int opened = open(file, O_WRONLY | O_APPEND);
	assert_true(opened >= 0);
	assert_int_equal(write(opened, "\x20\0\0\0half", 8), 8);
	close(opened);
	put(first, "2");
	put(first, "third");
	end(&first);
	assert_record(second, 0, 0, "first");
	assert_record(second, 0, 1, "2");
	assert_record(second, 0, 2, "third");
	assert_record(second, 0, 3, "");
}

static void a_file_without_a_whole_record_goes(void **state)
{
	char file[512];

	put(first, "first");
	end(&first);
	assert_int_equal(find_file(file), 1);
	assert_int_equal(truncate(file, 3), 0);
	assert_record(second, 0, 0, "");
	assert_int_equal(find_file(file), 0);
}

static void a_record_that_does_not_fit_is_refused(void **state)
{
	char record[4];

	put(first, "first");
	end(&first);
	assert_int_equal(unsent_get(second, 0, 0, record, sizeof record), STATUS_LIMIT);
}

static void all_runs_together_have_a_bound(void **state)
{
	char file[512];

	put(first, "first");
	assert_int_equal(find_file(file), 1);
	assert_int_equal(truncate(file, UNSENT_SIZE_MAX - 6), 0);
	assert_int_equal(unsent_put(second, "second", 6), STATUS_LIMIT);
	assert_int_equal(find_file(file), 1);
}

static void other_files_beside_them_are_left_alone(void **state)
{
	char other[128], file[512];

	snprintf(other, sizeof other, "%s-2~0123456789abcdef", path);
	int opened = open(other, O_WRONLY | O_CREAT, 0600);
	assert_true(opened >= 0);
	close(opened);
	assert_record(second, 0, 0, "");
	assert_int_equal(find_file(file), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(records_come_back_to_a_later_run_in_their_order_until_they_are_forgotten),
		TEST(what_a_run_that_goes_on_has_kept_is_its_own),
		TEST(forgetting_what_is_new_leaves_what_is_old),
		TEST(of_two_runs_that_begin_one_gets_what_is_left),
		TEST(a_file_that_was_cut_ends_before_the_cut),
		TEST(what_is_left_of_half_a_record_is_cut_before_the_next_one),
		TEST(a_file_without_a_whole_record_goes),
		TEST(a_record_that_does_not_fit_is_refused),
		TEST(all_runs_together_have_a_bound),
		TEST(other_files_beside_them_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
