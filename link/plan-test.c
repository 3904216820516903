/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link/plan.h"

#include <string.h>

#include "base/report.h"
#include "base/test.h"

static uint8_t content[LINK_PLAN_REPLY_SIZE_MAX + 64];

static void ignore(void *context, status fault, const char *message)
{
}

static void fill(uint8_t *bytes, size_t size, uint8_t first)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(first + i * 7);
}

static void a_request_brings_plan_and_cursor_unchanged(void **state)
{
	uint8_t plan[LINK_PLAN_CODE_SIZE], cursor[LINK_PLAN_CURSOR_SIZE], request[LINK_PLAN_REQUEST_SIZE];
	const uint8_t *found_plan, *found_cursor;

	fill(plan, sizeof plan, 1);
	fill(cursor, sizeof cursor, 2);
	link_plan_request_encode(plan, cursor, request);
	assert_true(link_plan_request_is((struct span){request, sizeof request}));
	assert_int_equal(link_plan_request_decode((struct span){request, sizeof request}, &found_plan, &found_cursor),
			 STATUS_OK);
	assert_memory_equal(found_plan, plan, sizeof plan);
	assert_memory_equal(found_cursor, cursor, sizeof cursor);
}

static void requests_of_another_form_are_refused(void **state)
{
	static uint8_t request[LINK_PLAN_REQUEST_SIZE + 1];
	const uint8_t *plan, *cursor;

	memcpy(request, "BZPQ", 4);
	for (size_t size = 0; size <= sizeof request; size++)
		assert_int_equal(link_plan_request_decode((struct span){request, size}, &plan, &cursor),
				 size == LINK_PLAN_REQUEST_SIZE ? STATUS_OK : STATUS_MALFORMED);
	for (size_t i = 0; i < 32; i++) {
		request[i] ^= 0x20;
		assert_int_equal(
			link_plan_request_decode((struct span){request, LINK_PLAN_REQUEST_SIZE}, &plan, &cursor),
			STATUS_MALFORMED);
		request[i] ^= 0x20;
	}
}

static void a_vector_of_operations_is_no_plan(void **state)
{
	assert_false(link_plan_request_is((struct span){(const uint8_t *)"BZRQ", 4}));
	assert_false(link_plan_request_is((struct span){(const uint8_t *)"BZP", 3}));
	assert_false(link_plan_request_is((struct span){NULL, 0}));
}

/* Expected sizes by hand from the paper's definition: E = ⌊log₂ L⌋, S = ⌊log₂ E⌋ + 1, the last E − S bits
 * are zero. */
static void replies_have_few_sizes_and_waste_an_eighth_at_most(void **state)
{
	static const struct {
		size_t runs, reply;
	} known[] = {
		{0, 4096},
		{4096 - 320, 4096},
		{4097 - 320, 4352}, /* E 12, S 4: multiples of 2^8 */
		{65536 - 320, 65536},
		{65537 - 320, 67584}, /* E 16, S 5: of 2^11 */
		{1000000 - 320, 1015808}, /* E 19, S 5: of 2^14 */
		{LINK_PLAN_RUN_SIZE_MAX, LINK_PLAN_REPLY_SIZE_MAX},
	};
	size_t size_count = 0, last = 0;

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		assert_int_equal(link_plan_reply_size(known[i].runs), known[i].reply);
	for (size_t runs = 4096; runs <= LINK_PLAN_RUN_SIZE_MAX; runs += 8) {
		size_t size = link_plan_reply_size(runs), least = LINK_PLAN_REPLY_HEAD_SIZE + runs;

		assert_true(size >= least && size - least <= least / 8 && size >= last);
		size_count += size != last;
		last = size;
	}
	assert_true(size_count < 256);
}

static void a_reply_says_what_came_of_it(void **state)
{
	struct link_plan_reply reply = {.run_size = 7200, .epoch = 5, .quota_bytes_left = 6, .quota_requests_left = 7};
	struct link_plan_reply found;
	size_t size = link_plan_reply_size(reply.run_size);

	fill(reply.cursor, sizeof reply.cursor, 9);
	memset(content, 0xaa, sizeof content);
	fill(content + LINK_PLAN_REPLY_HEAD_SIZE, reply.run_size, 3);
	assert_int_equal(link_plan_reply_encode(&reply, content), STATUS_OK);
	assert_int_equal(link_plan_reply_decode((struct span){content, size}, &found), STATUS_OK);
	assert_int_equal(found.outcome, STATUS_OK);
	assert_int_equal(found.run_size, reply.run_size);
	assert_int_equal(found.epoch, 5);
	assert_int_equal(found.quota_bytes_left, 6);
	assert_int_equal(found.quota_requests_left, 7);
	assert_memory_equal(found.cursor, reply.cursor, sizeof reply.cursor);
	assert_int_equal(content[LINK_PLAN_REPLY_HEAD_SIZE], 3);
	/* Nothing of what lay there before goes out, and nothing behind it is touched. */
	for (size_t i = LINK_PLAN_REPLY_HEAD_SIZE + reply.run_size; i < size; i++)
		assert_int_equal(content[i], 0);
	assert_int_equal(content[size], 0xaa);
}

static void replies_that_can_not_be_are_neither_made_nor_taken(void **state)
{
	static const status impossible[] = {STATUS_INTERNAL, STATUS_MALFORMED, STATUS_NO_MEMORY};
	struct link_plan_reply reply = {.run_size = 72}, found;

	for (size_t i = 0; i < sizeof impossible / sizeof impossible[0]; i++)
		assert_int_equal(link_plan_reply_encode(&(struct link_plan_reply){.outcome = impossible[i]}, content),
				 STATUS_INTERNAL);
	assert_int_equal(
		link_plan_reply_encode(&(struct link_plan_reply){.run_size = LINK_PLAN_RUN_SIZE_MAX + 1}, content),
		STATUS_INTERNAL);
	assert_int_equal(
		link_plan_reply_encode(&(struct link_plan_reply){.outcome = STATUS_GONE, .run_size = 72}, content),
		STATUS_INTERNAL);
	assert_int_equal(link_plan_reply_encode(&reply, content), STATUS_OK);
	for (size_t size = 0; size <= 8192; size++)
		assert_int_equal(link_plan_reply_decode((struct span){content, size}, &found),
				 size == 4096 ? STATUS_OK : STATUS_MALFORMED);
	/* Magic, outcome, size, both gaps. */
	const size_t bytes[] = {0, 3, 4, 7, 33, 34, 35, 36, 63, 64 + LINK_PLAN_CURSOR_SIZE, 319};
	for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
		content[bytes[i]] ^= 0x40;
		assert_int_equal(link_plan_reply_decode((struct span){content, 4096}, &found), STATUS_MALFORMED);
		content[bytes[i]] ^= 0x40;
	}
	/* No lines without success. */
	content[4] = STATUS_GONE;
	assert_int_equal(link_plan_reply_decode((struct span){content, 4096}, &found), STATUS_MALFORMED);
	content[32] = 0;
	assert_int_equal(link_plan_reply_decode((struct span){content, 4096}, &found), STATUS_OK);
	assert_int_equal(found.outcome, STATUS_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_brings_plan_and_cursor_unchanged),
		cmocka_unit_test(requests_of_another_form_are_refused),
		cmocka_unit_test(a_vector_of_operations_is_no_plan),
		cmocka_unit_test(replies_have_few_sizes_and_waste_an_eighth_at_most),
		cmocka_unit_test(a_reply_says_what_came_of_it),
		cmocka_unit_test(replies_that_can_not_be_are_neither_made_nor_taken),
	};

	report_sink_set(ignore, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
