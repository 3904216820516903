/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Read plans, as an enclave has them answered by the handler. */
#include <string.h>

#include "firmware/handler/fake-enclave.h"
#include "guest/memory/plan-code.h"
#include "guest/memory/plan-pack.h"

/* Of pages that are mapped one after the other from here on: the caller's, where a kernel has its own. */
#define KERNEL_AT UINT64_C(0xffff800000000000)
#define PLAN_AT (KERNEL_AT + UINT64_C(100) * GUEST_PAGE_SIZE)

/* TAKEs `size` bytes from PLAN_AT on; the page at PAGE_AT, and SMRAM, lie there. */
static struct plan plan_of(uint32_t size)
{
	*fake_machine_entry(&machine, MACHINE_ROOT, 256) = MACHINE_LEVEL_3 | MACHINE_ENTRY_FLAGS;
	for (uint32_t i = 0; i < 32; i++)
		*fake_machine_entry(&machine, MACHINE_LEVEL_1, 100 + i) =
			(i == 1 ? MACHINE_SMRAM : PAGE_AT + (uint64_t)i * GUEST_PAGE_SIZE) | MACHINE_ENTRY_FLAGS;
	return (struct plan){
		.space = {{MACHINE_ROOT}, 4, GUEST_PHYSICAL_BITS_MAX},
		.step_count = 1,
		.step = {{.type = PLAN_TAKE, .size = size, .offset = (int64_t)PLAN_AT}},
		.line_count_max = 1 << 16,
		.node_count_max = 1 << 16,
	};
}

static enum firmware_refusal ask_plan(struct client *client, const struct plan *plan, struct plan_cursor *cursor,
				      struct link_plan_reply *ret_reply, struct span *ret_runs)
{
	static uint8_t content[FIRMWARE_BUFFER_SIZE_MAX];
	uint8_t plan_code[PLAN_CODE_SIZE], cursor_code[PLAN_CURSOR_CODE_SIZE];
	size_t size;

	plan_encode(plan, plan_code);
	plan_cursor_encode(cursor, cursor_code);
	link_plan_request_encode(plan_code, cursor_code, content);
	assert_int_equal(link_seal(&client->link, (struct span){content, LINK_PLAN_REQUEST_SIZE}, client->message,
				   sizeof client->message, &client->message_size),
			 STATUS_OK);
	enum firmware_refusal refusal = smi(client);
	if (refusal != FIRMWARE_ACCEPTED)
		return refusal;
	assert_int_equal(link_open(&client->link, (struct span){client->message, client->message_size}, content,
				   sizeof content, &size),
			 STATUS_OK);
	assert_int_equal(link_plan_reply_decode((struct span){content, size}, ret_reply), STATUS_OK);
	if (ret_reply->outcome == STATUS_OK)
		assert_int_equal(plan_cursor_decode(ret_reply->cursor, cursor), STATUS_OK);
	*ret_runs = (struct span){content + LINK_PLAN_REPLY_HEAD_SIZE, ret_reply->run_size};
	return refusal;
}

/* How many lines of memory, tables apart, and each as the memory is. */
static size_t count_lines(struct span runs)
{
	static struct plan_unpack unpack;
	struct reader reader;
	const uint8_t *bytes;
	size_t count = 0;
	uint64_t line;

	memset(&unpack, 0, sizeof unpack);
	reader_init(&reader, runs);
	while (plan_unpack_next(&unpack, &reader, &line, &bytes) == STATUS_OK) {
		const uint64_t at = line * PLAN_LINE_SIZE;

		assert_true(at < MACHINE_SMRAM || at >= MACHINE_SMRAM + MACHINE_SMRAM_SIZE);
		assert_memory_equal(bytes, machine.bytes + at, PLAN_LINE_SIZE);
		count += at >= PAGE_AT;
	}
	return count;
}

static void a_plan_brings_what_its_walk_touches_and_nothing_of_smram(void **state)
{
	const struct plan plan = plan_of(3 * GUEST_PAGE_SIZE);
	struct plan_cursor cursor = {0};
	struct link_plan_reply reply = {0};
	struct span runs = {0};

	(void)state;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask_plan(&one, &plan, &cursor, &reply, &runs), FIRMWARE_ACCEPTED);
	assert_int_equal(reply.outcome, STATUS_OK);
	assert_true(cursor.is_done);
	assert_int_equal(count_lines(runs), 2 * GUEST_PAGE_SIZE / PLAN_LINE_SIZE);
	assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_OK);
}

/* Its tables are those of the process that called, too. */
static void a_plan_brings_nothing_by_a_processs_addresses_without_the_right_to_it(void **state)
{
	struct plan plan = plan_of(GUEST_PAGE_SIZE);
	struct plan_cursor cursor = {0};
	struct link_plan_reply reply = {0};
	struct span runs = {0};

	(void)state;
	plan.step[0].offset = (int64_t)(MACHINE_VIRTUAL + UINT64_C(100) * GUEST_PAGE_SIZE);
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask_plan(&one, &plan, &cursor, &reply, &runs), FIRMWARE_ACCEPTED);
	assert_true(cursor.is_done);
	assert_int_equal(count_lines(runs), 0);
}

static void a_plan_takes_as_many_smis_as_its_budget_says(void **state)
{
	struct plan plan = plan_of(64);
	struct plan_cursor cursor = {0};
	struct link_plan_reply reply = {0};
	struct span runs = {0};
	size_t lines = 0, smis = 0;

	(void)state;
	/* One line of each of 31 pages' 64: 1984 and the tables. */
	plan.step_count = 2;
	plan.step[0] = (struct plan_step){.type = PLAN_ARRAY,
					  .count = 32 * GUEST_PAGE_SIZE / PLAN_LINE_SIZE,
					  .stride = PLAN_LINE_SIZE,
					  .offset = (int64_t)PLAN_AT};
	plan.step[1] = (struct plan_step){.type = PLAN_TAKE, .depth = 1, .size = 8};
	grant.quota_bytes = 1 << 24;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	for (; !cursor.is_done && smis < 1000; smis++) {
		assert_int_equal(ask_plan(&one, &plan, &cursor, &reply, &runs), FIRMWARE_ACCEPTED);
		assert_int_equal(reply.outcome, STATUS_OK);
		/* Each line costs its load, too. */
		assert_in_range(count_lines(runs), 1, FIRMWARE_PLAN_BUDGET / (FIRMWARE_PLAN_LINE_COST + 1));
		lines += count_lines(runs);
	}
	assert_true(cursor.is_done && smis > 1);
	assert_in_range(lines, 31 * GUEST_PAGE_SIZE / PLAN_LINE_SIZE, 31 * GUEST_PAGE_SIZE / PLAN_LINE_SIZE + smis);
}

static void a_plan_has_the_grants_rights_and_quota(void **state)
{
	struct plan plan = plan_of(GUEST_PAGE_SIZE);
	struct plan_cursor cursor = {0};
	struct link_plan_reply reply = {0};
	struct span runs = {0};

	(void)state;
	grant.quota_requests = 1;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask_plan(&one, &plan, &cursor, &reply, &runs), FIRMWARE_ACCEPTED);
	assert_int_equal(reply.outcome, STATUS_OK);
	assert_int_equal(reply.quota_requests_left, 0);
	memset(&cursor, 0, sizeof cursor);
	assert_int_equal(ask_plan(&one, &plan, &cursor, &reply, &runs), FIRMWARE_ACCEPTED);
	assert_int_equal(reply.outcome, STATUS_LIMIT);
	assert_int_equal(runs.size, 0);
	grant.id[0] = 2;
	grant.quota_requests = 9;
	assert_int_equal(handshake(&two), FIRMWARE_ACCEPTED);
	plan.page_offset = KERNEL_AT;
	plan.step_count = 2;
	plan.step[0] = (struct plan_step){.type = PLAN_SPACE, .offset = (int64_t)PLAN_AT};
	plan.step[1] = (struct plan_step){.type = PLAN_SPAN, .depth = 1, .size = 64};
	assert_int_equal(ask_plan(&two, &plan, &cursor, &reply, &runs), FIRMWARE_ACCEPTED);
	assert_int_equal(reply.outcome, STATUS_DENIED);
}

static void what_is_no_plan_is_refused_and_the_session_goes_on(void **state)
{
	struct plan plan = plan_of(64);
	struct plan_cursor cursor = {0};
	struct link_plan_reply reply = {0};
	struct span runs = {0};

	(void)state;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_OK);
	struct client kept = one;
	plan.step[0].type = PLAN_STEP_TYPE_END;
	assert_int_equal(ask_plan(&one, &plan, &cursor, &reply, &runs), FIRMWARE_FORMAT);
	/* Nothing was answered, so what was sent is still due. */
	one = kept;
	plan.step[0].type = PLAN_TAKE;
	machine.caller.size = 0x1000;
	assert_int_equal(ask_plan(&one, &plan, &cursor, &reply, &runs), FIRMWARE_FORMAT);
	one = kept;
	machine.caller.size = BUFFER_SIZE;
	assert_int_equal(ask_plan(&one, &plan, &cursor, &reply, &runs), FIRMWARE_ACCEPTED);
	assert_int_equal(reply.outcome, STATUS_OK);
}

static void a_plan_that_is_none_as_first_record_proves_no_session(void **state)
{
	static struct client clients[FIRMWARE_SESSION_COUNT], late, kept;
	struct plan plan = plan_of(64);
	struct plan_cursor cursor = {0};
	struct link_plan_reply reply = {0};
	struct span runs = {0};

	(void)state;
	for (size_t i = 0; i < FIRMWARE_SESSION_COUNT; i++) {
		assert_int_equal(handshake(&clients[i]), FIRMWARE_ACCEPTED);
		assert_int_equal(ask(&clients[i], page_read(PAGE_AT), NULL), STATUS_OK);
	}
	grant.id[0] = 2;
	assert_int_equal(handshake(&late), FIRMWARE_ACCEPTED);
	kept = late;
	plan.step[0].type = PLAN_STEP_TYPE_END;
	assert_int_equal(ask_plan(&late, &plan, &cursor, &reply, &runs), FIRMWARE_FORMAT);
	assert_int_equal(handler->quota_count, 1);
	for (size_t i = 0; i < FIRMWARE_SESSION_COUNT; i++)
		assert_int_equal(ask(&clients[i], page_read(PAGE_AT), NULL), STATUS_OK);
	late = kept;
	assert_int_equal(ask(&late, page_read(PAGE_AT), NULL), STATUS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_plan_brings_what_its_walk_touches_and_nothing_of_smram),
		TEST(a_plan_brings_nothing_by_a_processs_addresses_without_the_right_to_it),
		TEST(a_plan_takes_as_many_smis_as_its_budget_says),
		TEST(a_plan_has_the_grants_rights_and_quota),
		TEST(what_is_no_plan_is_refused_and_the_session_goes_on),
		TEST(a_plan_that_is_none_as_first_record_proves_no_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
