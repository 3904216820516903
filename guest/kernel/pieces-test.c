// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/test.h"

enum { SIZE = 100 * PIECE_SIZE + 777, START = 0x1234 };

static uint8_t original[SIZE];
static size_t read_count, read_size;
static status outcome;
static char last_message[256];

static void remember(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	strncpy(last_message, message, sizeof last_message - 1);
}

static status read_original(void *context, uint64_t offset, void *destination, size_t size)
{
	(void)context;
	assert_true(offset + size <= SIZE);
	read_count++;
	read_size += size;
	memcpy(destination, original + offset, size);
	return outcome;
}

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		original[i] = (uint8_t)(i * 2654435761u >> 13);
	read_count = read_size = 0;
	outcome = STATUS_OK;
	last_message[0] = '\0';
	return 0;
}

static struct pieces *make(void)
{
	const struct pieces_source source = {read_original, NULL, "the test's bytes", START, SIZE};
	struct pieces *pieces;

	assert_int_equal(pieces_create(&source, PIECE_ROOM_MIN, &pieces), STATUS_OK);
	return pieces;
}

static void expect_bytes(struct pieces *pieces, size_t offset, size_t size)
{
	uint8_t buffer[3 * PIECE_SIZE], copy[3 * PIECE_SIZE];
	const uint8_t *bytes;

	assert_int_equal(pieces_get(pieces, offset, size, buffer, &bytes), STATUS_OK);
	assert_memory_equal(bytes, original + offset, size);
	assert_int_equal(pieces_copy(pieces, offset, copy, size), STATUS_OK);
	assert_memory_equal(copy, original + offset, size);
}

static void any_range_is_what_it_was(void **state)
{
	struct pieces *pieces = make();
	uint64_t random = 1;

	(void)state;
	assert_int_equal(pieces_size(pieces), SIZE);
	expect_bytes(pieces, 0, 1);
	expect_bytes(pieces, SIZE - 1, 1);
	expect_bytes(pieces, SIZE, 0);
	for (int i = 0; i < 2000; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		size_t offset = (random >> 33) % SIZE, size = (random >> 20) % (2 * PIECE_SIZE);
		expect_bytes(pieces, offset, size < SIZE - offset ? size : SIZE - offset);
	}
	pieces_destroy(pieces);
}

static void bytes_in_order_come_in_runs_and_once(void **state)
{
	struct pieces *pieces = make();

	(void)state;
	for (size_t offset = 0; offset < SIZE; offset += 7)
		expect_bytes(pieces, offset, SIZE - offset < 7 ? SIZE - offset : 7);
	assert_int_equal(read_size, SIZE);
	assert_in_range(read_count, 1, SIZE / PIECE_SIZE / PIECE_RUN + 2);
	pieces_destroy(pieces);
}

static void a_range_outside_is_refused(void **state)
{
	struct pieces *pieces = make();
	uint8_t buffer[16];
	const uint8_t *bytes;

	(void)state;
	assert_int_equal(pieces_copy(pieces, SIZE - 1, buffer, 2), STATUS_INTERNAL);
	assert_int_equal(pieces_get(pieces, UINT64_MAX, 2, buffer, &bytes), STATUS_INTERNAL);
	assert_int_equal(read_count, 0);
	pieces_destroy(pieces);
}

/* Each bit of what was checked must still be there when it is fetched again. */
static void what_changed_after_it_was_checked_is_refused(void **state)
{
	struct pieces *pieces = make();

	(void)state;
	for (size_t offset = 0; offset < SIZE; offset += PIECE_SIZE)
		expect_bytes(pieces, offset, 1);
	for (size_t at = 0; at < SIZE; at += 4999) {
		uint8_t byte;
		pieces_drop(pieces);
		original[at] ^= (uint8_t)(1 << at % 8);
		assert_int_equal(pieces_copy(pieces, at, &byte, 1), STATUS_TORN);
		assert_non_null(strstr(last_message, "the test's bytes changed"));
		original[at] ^= (uint8_t)(1 << at % 8);
		expect_bytes(pieces, at, 1);
	}
	pieces_destroy(pieces);
}

static void what_can_t_be_read_any_more_is_torn_and_an_end_is_an_end(void **state)
{
	struct pieces *pieces = make();
	uint8_t byte;

	(void)state;
	outcome = STATUS_UNMAPPED;
	assert_int_equal(pieces_copy(pieces, 5, &byte, 1), STATUS_TORN);
	assert_non_null(strstr(last_message, "can't be read"));
	outcome = STATUS_GONE;
	assert_int_equal(pieces_copy(pieces, 5, &byte, 1), STATUS_GONE);
	outcome = STATUS_OK;
	expect_bytes(pieces, 5, 1);
	pieces_destroy(pieces);
}

static void bytes_that_are_kept_need_no_source(void **state)
{
	struct pieces *pieces;
	uint8_t *data = malloc(SIZE), byte;

	(void)state;
	memcpy(data, original, SIZE);
	assert_int_equal(pieces_create_kept(data, SIZE, &pieces), STATUS_OK);
	expect_bytes(pieces, 4000, 5000);
	pieces_drop(pieces);
	expect_bytes(pieces, SIZE - 9, 9);
	assert_int_equal(pieces_copy(pieces, SIZE, &byte, 1), STATUS_INTERNAL);
	pieces_destroy(pieces);
	assert_int_equal(read_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(any_range_is_what_it_was, setup),
		cmocka_unit_test_setup(bytes_in_order_come_in_runs_and_once, setup),
		cmocka_unit_test_setup(a_range_outside_is_refused, setup),
		cmocka_unit_test_setup(what_changed_after_it_was_checked_is_refused, setup),
		cmocka_unit_test_setup(what_can_t_be_read_any_more_is_torn_and_an_end_is_an_end, setup),
		cmocka_unit_test_setup(bytes_that_are_kept_need_no_source, setup),
	};

	report_sink_set(remember, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
