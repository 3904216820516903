/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/report.h"
#include "base/checked.h"
#include "base/test.h"
#include "link/request.h"

static uint8_t content[LINK_REPLY_SIZE_MAX];

static void ignore(void *context, status fault, const char *message)
{
}

static struct link_operation read_page(uint64_t address)
{
	return (struct link_operation){
		.type = LINK_READ, .space = LINK_SPACE_PHYSICAL, .size = LINK_PAGE_SIZE, .address = address};
}

static struct link_request one_of_each(void)
{
	return (struct link_request){
		.operation_count = 7,
		.operation = {
			read_page(0x1000),
			{.type = LINK_READ, .space = LINK_SPACE_KERNEL, .size = 100, .address = 0xffffffff81000f00},
			{.type = LINK_READ,
			 .space = LINK_SPACE_USER,
			 .size = 1,
			 .address = 0x7fffffffefff,
			 .root = 0x5000},
			{.type = LINK_RAM_MAP},
			{.type = LINK_REGISTERS, .address = 3},
			{.type = LINK_NEXT_POPULATED, .address = 0x100000000},
			{.type = LINK_CHECK},
		}};
}

static void requests_have_one_of_two_sizes(void **state)
{
	struct link_request request = one_of_each(), decoded;
	uint8_t encoded[LINK_REQUEST_SIZE];
	size_t size;

	for (uint32_t count = 1; count <= 7; count++) {
		request.operation_count = count;
		assert_int_equal(link_request_encode(&request, encoded, &size), STATUS_OK);
		assert_int_equal(size, count <= 2 ? 96 : 800);
		assert_int_equal(link_request_decode((struct span){.data = encoded, .size = size}, &decoded),
				 STATUS_OK);
		assert_int_equal(decoded.operation_count, count);
		for (uint32_t i = 0; i < count; i++) {
			assert_int_equal(decoded.operation[i].type, request.operation[i].type);
			assert_int_equal(decoded.operation[i].space, request.operation[i].space);
			assert_int_equal(decoded.operation[i].size, request.operation[i].size);
			assert_int_equal(decoded.operation[i].address, request.operation[i].address);
			assert_int_equal(decoded.operation[i].root, request.operation[i].root);
		}
	}
}

static void operations_that_make_no_sense_are_refused(void **state)
{
	static const struct link_operation bad[] = {
		{0},
		{.type = LINK_RESUME + 1},
		{.type = LINK_READ, .space = LINK_SPACE_PHYSICAL},
		{.type = LINK_READ, .size = 8},
		{.type = LINK_READ, .space = LINK_SPACE_NOW + 1, .size = 8},
		{.type = LINK_READ, .space = LINK_SPACE_PHYSICAL, .size = 4097},
		{.type = LINK_READ, .space = LINK_SPACE_PHYSICAL, .size = 4096, .address = 1},
		{.type = LINK_READ, .space = LINK_SPACE_PHYSICAL, .size = 2, .address = 4095},
		{.type = LINK_READ, .space = LINK_SPACE_PHYSICAL, .size = 8, .address = UINT64_C(1) << 52},
		{.type = LINK_READ, .space = LINK_SPACE_KERNEL, .size = 8, .address = UINT64_MAX},
		{.type = LINK_READ,
		 .space = LINK_SPACE_KERNEL,
		 .size = 8,
		 .address = 0xffffffff81000000,
		 .root = 0x1000},
		{.type = LINK_READ, .space = LINK_SPACE_KERNEL, .size = 8, .address = 0x00007ffffffff000},
		{.type = LINK_READ, .space = LINK_SPACE_KERNEL, .size = 8, .address = 0x7ffffffffffff000},
		{.type = LINK_READ, .space = LINK_SPACE_USER, .size = 8, .root = UINT64_C(1) << 52},
		{.type = LINK_READ, .space = LINK_SPACE_USER, .size = 8, .root = 4096, .address = 0xffffffff81000000},
		{.type = LINK_READ, .space = LINK_SPACE_USER, .size = 8, .root = 4096, .address = UINT64_C(1) << 56},
		{.type = LINK_RAM_MAP, .address = 1},
		{.type = LINK_RAM_MAP, .size = 1},
		{.type = LINK_REGISTERS, .address = UINT64_C(1) << 32},
		{.type = LINK_REGISTERS, .space = LINK_SPACE_KERNEL},
		{.type = LINK_NEXT_POPULATED, .address = UINT64_MAX},
		{.type = LINK_CHECK, .root = 1},
	};
	uint8_t encoded[LINK_REQUEST_SIZE];
	struct link_request request;
	size_t size;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		request = (struct link_request){.operation_count = 1, .operation = {bad[i]}};
		assert_int_equal(link_request_encode(&request, encoded, &size), STATUS_MALFORMED);
	}
	request.operation_count = 0;
	assert_int_equal(link_request_encode(&request, encoded, &size), STATUS_MALFORMED);
	request.operation_count = LINK_OPERATION_COUNT_MAX + 1;
	assert_int_equal(link_request_encode(&request, encoded, &size), STATUS_MALFORMED);
}

static void requests_that_have_another_form_are_refused(void **state)
{
	const struct link_request request = one_of_each();
	uint8_t encoded[LINK_REQUEST_SIZE];
	struct link_request decoded;
	size_t size;

	assert_int_equal(link_request_encode(&request, encoded, &size), STATUS_OK);
	for (size_t cut = 0; cut < size; cut++)
		assert_int_equal(link_request_decode((struct span){.data = encoded, .size = cut}, &decoded),
				 STATUS_MALFORMED);
	const size_t bytes[] = {0, 3, 4, 7, 8, 31, 34, 32 + 7 * 24, 799};
	for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
		encoded[bytes[i]] ^= 0x40;
		assert_int_equal(link_request_decode((struct span){.data = encoded, .size = size}, &decoded),
				 STATUS_MALFORMED);
		encoded[bytes[i]] ^= 0x40;
	}
}

static void a_full_reply_is_32_pages(void **state)
{
	struct link_request request = {.operation_count = LINK_OPERATION_COUNT_MAX};

	for (uint32_t i = 0; i < LINK_OPERATION_COUNT_MAX; i++)
		request.operation[i] = read_page(i * LINK_PAGE_SIZE);
	assert_int_equal(link_request_validate(&request), STATUS_OK);
	assert_int_equal(link_request_reply_size(&request), LINK_REPLY_SIZE_MAX);
	assert_int_equal(link_request_slot(&request, 31), 320 + 31 * 4096);
}

static void slots_do_not_overlap_and_lie_inside(void **state)
{
	const struct link_request request = one_of_each();

	for (uint32_t i = 0; i < request.operation_count; i++) {
		size_t end = link_request_slot(&request, i) + link_operation_data_size(&request.operation[i]);

		assert_int_equal(link_request_slot(&request, i) % LINK_DATA_ALIGNMENT, 0);
		assert_true(end <= link_request_slot(&request, i + 1));
		assert_true(end <= link_request_reply_size(&request));
	}
	assert_int_equal(link_request_reply_size(&request), 320 + 2 * 4096);
}

static void a_reply_says_for_each_operation_what_came_of_it(void **state)
{
	static const status outcomes[] = {STATUS_OK,	  STATUS_UNMAPPED, STATUS_DENIED, STATUS_OK,
					  STATUS_MISSING, STATUS_END,	   STATUS_GONE};
	const struct link_request request = one_of_each();
	struct link_reply reply = {.epoch = 5, .quota_bytes_left = 6, .quota_requests_left = 7, .result_count = 7},
			  decoded;
	const size_t size = link_request_reply_size(&request);

	for (uint32_t i = 0; i < 7; i++)
		reply.result[i].outcome = outcomes[i];
	memset(content, 0xaa, sizeof content);
	memset(content + link_request_slot(&request, 0), 1, LINK_PAGE_SIZE);
	assert_int_equal(link_reply_encode(&request, &reply, content), STATUS_OK);
	assert_int_equal(content[size], 0xaa);
	assert_int_equal(link_reply_decode(&request, (struct span){.data = content, .size = size}, &decoded),
			 STATUS_OK);
	assert_int_equal(decoded.epoch, 5);
	assert_int_equal(decoded.quota_bytes_left, 6);
	assert_int_equal(decoded.quota_requests_left, 7);
	for (uint32_t i = 0; i < 7; i++)
		assert_int_equal(decoded.result[i].outcome, outcomes[i]);
	assert_int_equal(content[link_request_slot(&request, 0) + LINK_PAGE_SIZE - 1], 1);
	/* What failed leaves nothing of what its slot held before. */
	for (size_t i = link_request_slot(&request, 1); i < link_request_slot(&request, 3); i++)
		assert_int_equal(content[i], 0);
	for (size_t i = link_request_slot(&request, 4); i < size; i++)
		assert_int_equal(content[i], 0);
}

static void replies_to_something_else_are_refused(void **state)
{
	const struct link_request request = one_of_each();
	struct link_request other = request;
	struct link_reply reply = {.result_count = 7}, decoded;
	const size_t size = link_request_reply_size(&request);
	const struct span whole = {.data = content, .size = size};

	assert_int_equal(link_reply_encode(&request, &reply, content), STATUS_OK);
	other.operation_count = 6;
	assert_int_equal(link_reply_decode(&other, whole, &decoded), STATUS_MALFORMED);
	for (size_t cut = 0; cut < size; cut += 61)
		assert_int_equal(link_reply_decode(&request, (struct span){.data = content, .size = cut}, &decoded),
				 STATUS_MALFORMED);
	/* The head, an outcome that is none, a result too many. */
	const size_t bytes[] = {0, 4, 32, 63, 64, 68, 64 + 7 * 8, 319};
	for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
		content[bytes[i]] ^= 0x40;
		assert_int_equal(link_reply_decode(&request, whole, &decoded), STATUS_MALFORMED);
		content[bytes[i]] ^= 0x40;
	}
	reply.result_count = 6;
	assert_int_equal(link_reply_encode(&request, &reply, content), STATUS_INTERNAL);
	reply.result_count = 7;
	reply.result[0].outcome = STATUS_INTERNAL;
	assert_int_equal(link_reply_encode(&request, &reply, content), STATUS_INTERNAL);
}

static void typed_data_survives_and_nonsense_does_not(void **state)
{
	struct call_ram_map map = {.range_count = 2, .range = {{0, 0xa0000}, {0x100000, 0x1ff00000}}}, found;
	const struct call_registers registers = {.cr3 = 3, .idt_base = 4, .cpl = 3, .lstar = 5};
	struct call_range range = {0x1000, 0x2000}, found_range;
	struct call_registers found_registers;
	uint8_t slot[LINK_PAGE_SIZE];

	link_ram_map_write(&map, slot);
	assert_int_equal(link_ram_map_read(slot, &found), STATUS_OK);
	assert_memory_equal(&found, &map, sizeof map);
	link_registers_write(&registers, slot);
	link_registers_read(slot, &found_registers);
	assert_memory_equal(&found_registers, &registers, sizeof registers);
	link_range_write(&range, slot);
	assert_int_equal(link_range_read(slot, &found_range), STATUS_OK);
	assert_memory_equal(&found_range, &range, sizeof range);

	range.size = 0;
	link_range_write(&range, slot);
	assert_int_equal(link_range_read(slot, &found_range), STATUS_MALFORMED);
	const struct call_range bad[] = {{0x9f000, 0x1000},	      {0x100000, 0},
					 {0x100800, 0x1000},	      {0x100000, 0x800},
					 {UINT64_MAX - 4095, 0x2000}, {UINT64_C(1) << 52, 0x1000}};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		map.range[1] = bad[i];
		link_ram_map_write(&map, slot);
		assert_int_equal(link_ram_map_read(slot, &found), STATUS_MALFORMED);
	}
	slot[0] = 65;
	assert_int_equal(link_ram_map_read(slot, &found), STATUS_MALFORMED);
}

static void names_of_epochs_are_two_words(void **state)
{
	const char *const names[] = {"a", "12345678", "123456789012345"};
	char name[LINK_NAME_SIZE_MAX];
	uint64_t address, root;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		assert_int_equal(link_name_pack(names[i], &address, &root), STATUS_OK);
		assert_int_equal(link_name_unpack(address, root, name), STATUS_OK);
		assert_string_equal(name, names[i]);
	}
	assert_int_equal(link_name_pack("", &address, &root), STATUS_MALFORMED);
	assert_int_equal(link_name_pack("1234567890123456", &address, &root), STATUS_MALFORMED);
	assert_int_equal(link_name_unpack(0, 0, name), STATUS_MALFORMED);
	assert_int_equal(link_name_unpack(0x41, 0x42, name), STATUS_MALFORMED); /* something behind the end */
	assert_int_equal(link_name_unpack(~UINT64_C(0), ~UINT64_C(0), name), STATUS_MALFORMED);
}

static void operations_on_epochs_and_pauses_have_their_forms(void **state)
{
	struct link_operation epoch = {.type = LINK_EPOCH, .space = LINK_EPOCH_NEW, .address = 'a'};
	struct link_operation pause = {.type = LINK_PAUSE},
			      now = {.type = LINK_READ, .space = LINK_SPACE_NOW, .size = 8};
	struct link_request request = {.operation_count = 3, .operation = {epoch, pause, now}};
	uint8_t encoded[LINK_REQUEST_SIZE];
	struct link_request decoded;
	size_t size;

	(void)state;
	assert_int_equal(link_request_encode(&request, encoded, &size), STATUS_OK);
	assert_int_equal(link_request_decode((struct span){encoded, size}, &decoded), STATUS_OK);
	assert_int_equal(decoded.operation[0].space, LINK_EPOCH_NEW);
	request.operation[0].space = LINK_EPOCH_NEW + 1;
	assert_int_equal(link_request_validate(&request), STATUS_MALFORMED);
	request.operation[0] = epoch;
	request.operation[0].address = 0;
	assert_int_equal(link_request_validate(&request), STATUS_MALFORMED);
	request.operation[0] = epoch;
	request.operation[1].address = 1;
	assert_int_equal(link_request_validate(&request), STATUS_MALFORMED);
	request.operation[1] = pause;
	request.operation[2].address = UINT64_C(1) << 52;
	assert_int_equal(link_request_validate(&request), STATUS_MALFORMED);
}

static void what_came_of_a_pause_is_late_or_not(void **state)
{
	struct link_pause pause = {.stopped_ns = 5000000, .was_late = 1}, found = {0};
	uint8_t slot[16];

	(void)state;
	link_pause_write(&pause, slot);
	assert_int_equal(link_pause_read(slot, &found), STATUS_OK);
	assert_memory_equal(&pause, &found, sizeof pause);
	slot[8] = 2;
	assert_int_equal(link_pause_read(slot, &found), STATUS_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_epochs_are_two_words),
		cmocka_unit_test(operations_on_epochs_and_pauses_have_their_forms),
		cmocka_unit_test(what_came_of_a_pause_is_late_or_not),
		cmocka_unit_test(requests_have_one_of_two_sizes),
		cmocka_unit_test(operations_that_make_no_sense_are_refused),
		cmocka_unit_test(requests_that_have_another_form_are_refused),
		cmocka_unit_test(a_full_reply_is_32_pages),
		cmocka_unit_test(slots_do_not_overlap_and_lie_inside),
		cmocka_unit_test(a_reply_says_for_each_operation_what_came_of_it),
		cmocka_unit_test(replies_to_something_else_are_refused),
		cmocka_unit_test(typed_data_survives_and_nonsense_does_not),
	};

	report_sink_set(ignore, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
