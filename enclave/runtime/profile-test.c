/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <string.h>

#include "enclave/runtime/hostile-host.h"
#include "enclave/runtime/profile.h"
#include "guest/kernel/profile.h"

enum { FILE_SIZE = 2 * CALL_DATA_SIZE + 13 };

static uint8_t file[FILE_SIZE];
static uint64_t refused_from;

static void serve(struct call_slot *slot)
{
	uint64_t offset = slot->argument[0], size = slot->argument[1];

	assert_int_equal(slot->number, CALL_PROFILE_READ);
	slot->result = offset >= refused_from ? STATUS_USAGE : STATUS_OK;
	memcpy(hostile.window.data + slot->argument[2], file + offset, size);
}

static int setup(void **state)
{
	(void)state;
	hostile_init();
	refused_from = FILE_SIZE;
	for (size_t i = 0; i < FILE_SIZE; i++)
		file[i] = (uint8_t)(i * 31 >> 3);
	return 0;
}

static void a_profile_comes_in_pieces_and_whole(void **state)
{
	static uint8_t copy[FILE_SIZE + 1];

	(void)state;
	hostile.serve = serve;
	copy[FILE_SIZE] = 0xee;
	assert_int_equal(runtime_profile_read(0, copy, FILE_SIZE), STATUS_OK);
	assert_memory_equal(copy, file, FILE_SIZE);
	assert_int_equal(copy[FILE_SIZE], 0xee);
	assert_int_equal(hostile.call_count, 3);
	assert_int_equal(runtime_profile_read(CALL_DATA_SIZE + 5, copy, 4097), STATUS_OK);
	assert_memory_equal(copy, file + CALL_DATA_SIZE + 5, 4097);
}

static void a_host_that_stops_in_the_middle_is_reported(void **state)
{
	static uint8_t copy[FILE_SIZE];

	(void)state;
	hostile.serve = serve;
	refused_from = CALL_DATA_SIZE;
	assert_int_equal(runtime_profile_read(0, copy, FILE_SIZE), STATUS_MALFORMED);
	assert_int_equal(hostile.report_count, 1);
}

static void a_size_that_no_profile_has_is_reported(void **state)
{
	static const int64_t lies[] = {-1, INT64_MIN, INT64_MAX, (int64_t)PROFILE_SIZE_MAX + 1};
	size_t size = 42;

	(void)state;
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		hostile.result = lies[i];
		assert_int_equal(runtime_profile_size(&size), STATUS_MALFORMED);
		assert_int_equal(hostile.report_count, i + 1);
	}
	assert_int_equal(size, 42);
	hostile.result = PROFILE_SIZE_MAX;
	assert_int_equal(runtime_profile_size(&size), STATUS_OK);
	assert_int_equal(size, PROFILE_SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_profile_comes_in_pieces_and_whole, setup),
		cmocka_unit_test_setup(a_host_that_stops_in_the_middle_is_reported, setup),
		cmocka_unit_test_setup(a_size_that_no_profile_has_is_reported, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
