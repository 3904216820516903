/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <string.h>

#include "lab/frame.h"

static void a_frame_comes_out_as_it_went_in(void **state)
{
	struct lab_queue queue = {};
	struct lab_frame frame;
	const uint8_t *payload;

	assert_int_equal(lab_frame_put(&queue, 7, LAB_FRAME_OUTPUT, "a\0b", 3), STATUS_OK);
	assert_int_equal(lab_frame_put_u32(&queue, 8, LAB_FRAME_EXIT, 137), STATUS_OK);
	assert_int_equal(lab_frame_take(&queue, &frame, &payload), STATUS_OK);
	assert_int_equal(frame.stream, 7);
	assert_int_equal(frame.type, LAB_FRAME_OUTPUT);
	assert_int_equal(frame.size, 3);
	assert_memory_equal(payload, "a\0b", 3);
	uint32_t code = 0;

	assert_int_equal(lab_frame_take(&queue, &frame, &payload), STATUS_OK);
	assert_int_equal(lab_frame_u32(&frame, payload, &code), STATUS_OK);
	assert_int_equal(code, 137);
	assert_int_equal(lab_frame_take(&queue, &frame, &payload), STATUS_END);
	lab_queue_deinit(&queue);
}

static void a_frame_is_taken_only_when_all_of_it_is_there(void **state)
{
	struct lab_queue whole = {}, queue = {};
	struct lab_frame frame;
	const uint8_t *payload;

	assert_int_equal(lab_frame_put(&whole, 1, LAB_FRAME_ERROR, "hello", 5), STATUS_OK);
	size_t size = lab_queue_size(&whole);

	for (size_t i = 0; i < size; i++) {
		assert_int_equal(lab_frame_take(&queue, &frame, &payload), STATUS_END);
		assert_int_equal(lab_queue_add(&queue, lab_queue_front(&whole) + i, 1), STATUS_OK);
	}
	assert_int_equal(lab_frame_take(&queue, &frame, &payload), STATUS_OK);
	assert_memory_equal(payload, "hello", 5);
	lab_queue_deinit(&whole);
	lab_queue_deinit(&queue);
}

static void an_impossible_size_is_malformed(void **state)
{
	struct lab_frame bad = {.stream = 1, .size = LAB_PAYLOAD_SIZE_MAX + 1, .type = LAB_FRAME_OUTPUT}, frame;
	struct lab_queue queue = {};
	const uint8_t *payload;

	assert_int_equal(lab_queue_add(&queue, &bad, sizeof bad), STATUS_OK);
	assert_int_equal(lab_frame_take(&queue, &frame, &payload), STATUS_MALFORMED);
	lab_queue_deinit(&queue);
}

static void a_number_of_another_size_is_malformed(void **state)
{
	struct lab_frame frame = {.size = 3};
	uint32_t value = 99;

	assert_int_equal(lab_frame_u32(&frame, (const uint8_t *)"abc", &value), STATUS_MALFORMED);
	assert_int_equal(value, 99);
}

static void a_queue_keeps_its_order_while_it_moves(void **state)
{
	struct lab_queue queue = {};
	uint8_t next_in = 0, next_out = 0;

	for (int round = 0; round < 1000; round++) {
		uint8_t bytes[97];

		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = next_in++;
		assert_int_equal(lab_queue_add(&queue, bytes, sizeof bytes), STATUS_OK);
		for (int i = 0; i < 90; i++) {
			assert_int_equal(*lab_queue_front(&queue), next_out++);
			lab_queue_drop(&queue, 1);
		}
	}
	assert_int_equal(lab_queue_size(&queue), 7000);
	lab_queue_deinit(&queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_comes_out_as_it_went_in),
		cmocka_unit_test(a_frame_is_taken_only_when_all_of_it_is_there),
		cmocka_unit_test(an_impossible_size_is_malformed),
		cmocka_unit_test(a_number_of_another_size_is_malformed),
		cmocka_unit_test(a_queue_keeps_its_order_while_it_moves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
