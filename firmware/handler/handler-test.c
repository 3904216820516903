/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <bearssl.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "firmware/crypto/primitives.h"
#include "firmware/handler/fake-machine.h"
#include "firmware/handler/handler.h"
#include "guest/memory/plan-code.h"
#include "guest/memory/plan-pack.h"
#include "wire/agent.h"

enum { BUFFER_SIZE = 40 * 4096, PAGE_AT = 0x180000 };

static struct fake_machine machine;
static struct firmware_handler *handler;
static const struct link_primitives *primitives;
static unsigned char owner_secret[32];
static uint8_t owner_key[START_OWNER_KEY_SIZE];

/* The enclave's side. */
static struct link_key_pair enclave;
static struct link_grant grant;
struct client {
	struct link_session link;
	uint32_t number;
	uint8_t message[FIRMWARE_BUFFER_SIZE_MAX];
	size_t message_size;
};
static struct client one, two;

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

static status cpu_registers_of(struct firmware_machine *self, uint32_t index, struct cpu_registers *ret_registers)
{
	(void)self;
	if (index > 1)
		return STATUS_END;
	*ret_registers = machine.caller.registers;
	ret_registers->cpu_index = index;
	ret_registers->idt_base = 0xfffffe0000000000 + index;
	ret_registers->lstar = 0xffffffff81000000 + index;
	return STATUS_OK;
}

static bool all_stand;

static bool gather(struct firmware_machine *self)
{
	(void)self;
	return all_stand;
}

static struct firmware_machine cpus = {cpu_registers_of, gather};

static status sign(void *context, const uint8_t digest[static LINK_HASH_SIZE],
		   uint8_t ret_signature[static LINK_SIGNATURE_SIZE])
{
	const br_ec_private_key key = {BR_EC_secp256r1, owner_secret, sizeof owner_secret};

	(void)context;
	return br_ecdsa_i31_sign_raw(&br_ec_p256_m31, &br_sha256_vtable, digest, &key, ret_signature) ==
			       LINK_SIGNATURE_SIZE
		       ? STATUS_OK
		       : STATUS_INTERNAL;
}

static void make_owner(void)
{
	unsigned char point[65];

	memset(owner_secret, 0x42, sizeof owner_secret);
	const br_ec_private_key key = {BR_EC_secp256r1, owner_secret, sizeof owner_secret};
	assert_int_equal(br_ec_compute_pub(&br_ec_p256_m31, NULL, point, &key), sizeof point);
	memcpy(owner_key, point + 1, sizeof owner_key);
}

static void make_grant(void)
{
	grant = (struct link_grant){
		.identity = LINK_IDENTITY_MRENCLAVE,
		.backend = LINK_BACKEND_SGX,
		.rights = LINK_RIGHT_KERNEL,
		.id = {1},
		.valid_until = 2000000000,
		.quota_bytes = 1 << 20,
		.quota_requests = 1000,
		.mrenclave = {7},
		.target = "here",
	};
	memcpy(grant.enclave_key, enclave.public, sizeof grant.enclave_key);
	memcpy(grant.source_key, handler->binding.source_key, sizeof grant.source_key);
	memcpy(grant.source_nonce, handler->binding.source_nonce, sizeof grant.source_nonce);
}

static int setup(void **state)
{
	(void)state;
	report_sink_set(drop, NULL);
	memset(&one, 0, sizeof one);
	memset(&two, 0, sizeof two);
	fake_machine_init(&machine, 4, 0, BUFFER_SIZE);
	assert_int_equal(firmware_primitives(&primitives), STATUS_OK);
	make_owner();
	handler = aligned_alloc(64, (sizeof *handler + 63) / 64 * 64);
	assert_non_null(handler);
	struct firmware_settings settings = {
		.primitives = primitives,
		.target = "here",
		.map = &machine.map,
		.memory = &machine.memory,
		.machine = &cpus,
	};
	memcpy(settings.owner_key, owner_key, sizeof owner_key);
	assert_int_equal(firmware_handler_init(handler, &settings), STATUS_OK);
	assert_int_equal(link_key_pair_init(&enclave, primitives), STATUS_OK);
	make_grant();
	memset(machine.bytes + PAGE_AT, 0x3c, GUEST_PAGE_SIZE);
	memset(machine.bytes + MACHINE_SMRAM, 0x5e, MACHINE_SMRAM_SIZE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bool is_tame = machine.wild_count == 0;
	free(handler);
	fake_machine_deinit(&machine);
	return is_tame ? 0 : -1;
}

/* ---- what the host's side does: put a message into the buffer, make the SMI, take the answer */

static uint8_t *buffer_at(size_t offset)
{
	return machine.bytes + MACHINE_BUFFER + 2 * (offset / GUEST_PAGE_SIZE) * GUEST_PAGE_SIZE +
	       offset % GUEST_PAGE_SIZE;
}

static void buffer_put(size_t offset, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		*buffer_at(offset + i) = bytes[i];
}

static void buffer_get(size_t offset, uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = *buffer_at(offset + i);
}

static enum firmware_refusal smi(struct client *client)
{
	uint32_t head[4] = {FIRMWARE_MAGIC, client->number, (uint32_t)client->message_size};

	buffer_put(0, (const uint8_t *)head, sizeof head);
	buffer_put(sizeof head, client->message, client->message_size);
	machine.write_count = 0;
	enum firmware_refusal refusal = firmware_handler_call(handler, &machine.caller);
	if (refusal != FIRMWARE_ACCEPTED) {
		assert_int_equal(machine.write_count, 0);
		return refusal;
	}
	buffer_get(0, (uint8_t *)head, sizeof head);
	assert_int_equal(head[0], FIRMWARE_MAGIC);
	client->number = head[1];
	client->message_size = head[2];
	buffer_get(sizeof head, client->message, client->message_size);
	return refusal;
}

/* FIRST, and if it is answered, SECOND. */
static enum firmware_refusal handshake(struct client *client)
{
	static const char target[START_TARGET_SIZE] = "here";
	uint8_t encoded[LINK_GRANT_SIZE];

	client->number = 0;
	assert_int_equal(link_session_init_initiator(&client->link, primitives, &enclave, &handler->binding, target),
			 STATUS_OK);
	assert_int_equal(link_grant_sign(&grant, primitives, sign, NULL), STATUS_OK);
	assert_int_equal(link_grant_encode(&grant, encoded), STATUS_OK);
	assert_int_equal(link_session_first(&client->link, (struct span){encoded, sizeof encoded}, client->message,
					    sizeof client->message, &client->message_size),
			 STATUS_OK);
	enum firmware_refusal refusal = smi(client);
	if (refusal == FIRMWARE_ACCEPTED)
		assert_int_equal(
			link_session_second(&client->link, (struct span){client->message, client->message_size}),
			STATUS_OK);
	return refusal;
}

static void put_request(struct client *client, const struct link_request *request)
{
	uint8_t content[LINK_REQUEST_SIZE];
	size_t size;

	assert_int_equal(link_request_encode(request, content, &size), STATUS_OK);
	assert_int_equal(link_seal(&client->link, (struct span){content, size}, client->message, sizeof client->message,
				   &client->message_size),
			 STATUS_OK);
}

static bool last_was_still;

/* One operation, its outcome, and its data in client->message. */
static status ask(struct client *client, struct link_operation operation, const uint8_t **ret_data)
{
	static uint8_t content[BUFFER_SIZE];
	const struct link_request request = {.operation_count = 1, .operation = {operation}};
	struct link_reply reply;
	size_t size;

	put_request(client, &request);
	assert_int_equal(smi(client), FIRMWARE_ACCEPTED);
	assert_int_equal(link_open(&client->link, (struct span){client->message, client->message_size}, content,
				   sizeof content, &size),
			 STATUS_OK);
	assert_int_equal(link_reply_decode(&request, (struct span){content, size}, &reply), STATUS_OK);
	last_was_still = reply.is_still;
	if (ret_data != NULL)
		*ret_data = content + link_request_slot(&request, 0);
	return reply.result[0].outcome;
}

static struct link_operation page_read(uint64_t address)
{
	return (struct link_operation){
		.type = LINK_READ, .space = LINK_SPACE_PHYSICAL, .size = GUEST_PAGE_SIZE, .address = address};
}

static void an_enclave_with_a_grant_reads_memory(void **state)
{
	const uint8_t *data;

	(void)state;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&one, page_read(PAGE_AT), &data), STATUS_OK);
	assert_memory_equal(data, machine.bytes + PAGE_AT, GUEST_PAGE_SIZE);
	assert_int_equal(ask(&one, page_read(PAGE_AT + GUEST_PAGE_SIZE), &data), STATUS_OK);
	assert_int_equal(data[0], 0);
}

static void a_reply_says_whether_all_cpus_stood_still(void **state)
{
	(void)state;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	for (int i = 0; i < 4; i++) {
		all_stand = i % 2 == 0;
		assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_OK);
		assert_int_equal(last_was_still, all_stand);
	}
}

static void no_request_reads_smram_or_what_is_no_ram(void **state)
{
	static const uint64_t wrong[] = {MACHINE_SMRAM, MACHINE_SMRAM + MACHINE_SMRAM_SIZE - GUEST_PAGE_SIZE, 0xa0000,
					 MACHINE_SIZE, 0xfee00000};
	const uint8_t *data;

	(void)state;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(ask(&one, page_read(wrong[i]), &data), STATUS_UNMAPPED);
		for (size_t at = 0; at < GUEST_PAGE_SIZE; at++)
			assert_int_equal(data[at], 0);
	}
	/* Nor by tables that lead there. */
	*fake_machine_entry(&machine, MACHINE_LEVEL_1, 45) = MACHINE_SMRAM | MACHINE_ENTRY_FLAGS;
	struct link_operation operation = {.type = LINK_READ, .space = LINK_SPACE_KERNEL, .size = 64};
	operation.address = UINT64_C(0xffff800000000000);
	*fake_machine_entry(&machine, MACHINE_ROOT, 256) = MACHINE_LEVEL_3 | MACHINE_ENTRY_FLAGS;
	assert_int_equal(ask(&one, operation, &data), STATUS_OK);
	operation.address += UINT64_C(45) * GUEST_PAGE_SIZE;
	assert_int_equal(ask(&one, operation, &data), STATUS_UNMAPPED);
}

static void the_machine_is_described(void **state)
{
	const uint8_t *data;
	struct call_registers registers;
	struct call_ram_map map;

	(void)state;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&one, (struct link_operation){.type = LINK_REGISTERS, .address = 1}, &data), STATUS_OK);
	link_registers_read(data, &registers);
	assert_int_equal(registers.cr3, MACHINE_ROOT);
	assert_int_equal(registers.cpu_index, 1);
	assert_int_equal(registers.lstar, 0xffffffff81000001);
	assert_int_equal(ask(&one, (struct link_operation){.type = LINK_REGISTERS, .address = 2}, &data), STATUS_END);
	assert_int_equal(ask(&one, (struct link_operation){.type = LINK_RAM_MAP}, &data), STATUS_OK);
	assert_int_equal(link_ram_map_read(data, &map), STATUS_OK);
	assert_int_equal(map.range_count, 2);
	assert_int_equal(ask(&one, (struct link_operation){.type = LINK_CHECK}, &data), STATUS_OK);
}

static void expect_no_grant(void)
{
	assert_int_equal(handshake(&one), FIRMWARE_GRANT);
	for (size_t i = 0; i < FIRMWARE_SESSION_COUNT + FIRMWARE_HALF_OPEN_COUNT; i++)
		assert_int_equal(handler->sessions[i].number, 0);
}

static void a_grant_that_is_not_for_here_is_refused(void **state)
{
	(void)state;
	grant.source_nonce[0] ^= 1;
	expect_no_grant();
	make_grant();
	grant.source_key[0] ^= 1;
	expect_no_grant();
	make_grant();
	grant.enclave_key[0] ^= 1;
	expect_no_grant();
	make_grant();
	memcpy(grant.target, "else", 4);
	expect_no_grant();
	make_grant();
	grant.backend = LINK_BACKEND_SIM;
	expect_no_grant();
	make_grant();
	grant.flags = LINK_GRANT_DEBUG;
	expect_no_grant();
	make_grant();
	grant.quota_bytes = UINT64_MAX;
	expect_no_grant();
	make_grant();
	grant.quota_requests = UINT64_MAX;
	expect_no_grant();
	make_grant();
	owner_secret[5] ^= 1;
	expect_no_grant();
}

static void a_session_goes_on_after_anything_that_is_not_its_next_record(void **state)
{
	static struct client kept;
	const struct link_request request = {.operation_count = 1, .operation = {page_read(PAGE_AT)}};

	(void)state;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_OK);
	put_request(&one, &request);
	kept = one;
	/* Every bit of head, content and tag, in turn; every shorter length. */
	for (size_t i = 0; i < kept.message_size; i++) {
		one = kept;
		one.message[i] ^= 1 << i % 8;
		assert_int_not_equal(smi(&one), FIRMWARE_ACCEPTED);
		one = kept;
		one.message_size = i;
		assert_int_not_equal(smi(&one), FIRMWARE_ACCEPTED);
	}
	/* Under another number, or that of nobody. */
	one = kept;
	one.number++;
	assert_int_equal(smi(&one), FIRMWARE_SESSION);
	one = kept;
	assert_int_equal(smi(&one), FIRMWARE_ACCEPTED);
	/* The same again is a replay. */
	struct client replay = kept;
	assert_int_equal(smi(&replay), FIRMWARE_SESSION);
	uint8_t content[BUFFER_SIZE];
	size_t size;
	assert_int_equal(
		link_open(&one.link, (struct span){one.message, one.message_size}, content, sizeof content, &size),
		STATUS_OK);
	assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_OK);
}

static void a_record_of_one_session_is_none_of_another(void **state)
{
	const struct link_request request = {.operation_count = 1, .operation = {page_read(PAGE_AT)}};

	(void)state;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(handshake(&two), FIRMWARE_ACCEPTED);
	put_request(&one, &request);
	uint32_t number = one.number;
	one.number = two.number;
	assert_int_equal(smi(&one), FIRMWARE_SESSION);
	one.number = number;
	assert_int_equal(smi(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&two, page_read(PAGE_AT), NULL), STATUS_OK);
}

static void replayed_firsts_displace_each_other_only(void **state)
{
	static struct client replay;

	(void)state;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_OK);
	assert_int_equal(link_session_init_initiator(&two.link, primitives, &enclave, &handler->binding,
						     (const char[START_TARGET_SIZE]){"here"}),
			 STATUS_OK);
	uint8_t encoded[LINK_GRANT_SIZE];
	assert_int_equal(link_grant_encode(&grant, encoded), STATUS_OK);
	assert_int_equal(link_session_first(&two.link, (struct span){encoded, sizeof encoded}, two.message,
					    sizeof two.message, &two.message_size),
			 STATUS_OK);
	for (int i = 0; i < 50; i++) {
		replay = two;
		assert_int_equal(smi(&replay), FIRMWARE_ACCEPTED);
	}
	assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_OK);
	assert_int_equal(handler->quota_count, 1);
}

static void a_quota_is_counted_over_all_sessions_of_a_grant(void **state)
{
	(void)state;
	grant.quota_requests = 3;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_OK);
	assert_int_equal(handshake(&two), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&two, page_read(PAGE_AT), NULL), STATUS_OK);
	assert_int_equal(ask(&two, page_read(PAGE_AT), NULL), STATUS_OK);
	assert_int_equal(ask(&two, page_read(PAGE_AT), NULL), STATUS_LIMIT);
	assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_LIMIT);
	/* And a new session brings none back. */
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_LIMIT);
}

static void rights_are_the_grants(void **state)
{
	struct link_operation operation = {.type = LINK_READ,
					   .space = LINK_SPACE_USER,
					   .size = 64,
					   .address = MACHINE_VIRTUAL,
					   .root = MACHINE_ROOT};

	(void)state;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&one, operation, NULL), STATUS_DENIED);
	grant.rights |= LINK_RIGHT_USER;
	grant.id[0] = 2;
	assert_int_equal(handshake(&two), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&two, operation, NULL), STATUS_OK);
	operation.root = MACHINE_SMRAM;
	assert_int_equal(ask(&two, operation, NULL), STATUS_UNMAPPED);
	operation.root = UINT64_C(0x000ffffffffff000);
	assert_int_equal(ask(&two, operation, NULL), STATUS_UNMAPPED);
}

static void an_answer_that_does_not_fit_changes_nothing(void **state)
{
	struct link_request request = {.operation_count = 2, .operation = {page_read(PAGE_AT), page_read(PAGE_AT)}};

	(void)state;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_OK);
	put_request(&one, &request);
	machine.caller.size = 0x2000;
	assert_int_equal(smi(&one), FIRMWARE_REPLY_SIZE);
	machine.caller.size = BUFFER_SIZE;
	assert_int_equal(smi(&one), FIRMWARE_ACCEPTED);
}

static void what_is_no_message_is_refused(void **state)
{
	static const uint32_t heads[][4] = {
		{0, 0, 16, 0},
		{FIRMWARE_MAGIC, 1, 0, 0},
		{FIRMWARE_MAGIC, 0, BUFFER_SIZE - 15, 0},
		{FIRMWARE_MAGIC, 0, UINT32_MAX, 0},
		{FIRMWARE_MAGIC, 0, 64, 1},
		{FIRMWARE_MAGIC, 0, 64, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		buffer_put(0, (const uint8_t *)heads[i], sizeof heads[i]);
		assert_int_equal(firmware_handler_call(handler, &machine.caller), FIRMWARE_FORMAT);
	}
	machine.caller.size = 15;
	assert_int_equal(firmware_handler_call(handler, &machine.caller), FIRMWARE_FORMAT);
	assert_int_equal(machine.write_count, 0);
}

static void whoever_asks_is_told_key_and_nonce(void **state)
{
	struct agent_hello hello;

	(void)state;
	one.message_size = 0;
	assert_int_equal(smi(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(one.message_size, sizeof hello);
	memcpy(&hello, one.message, sizeof hello);
	assert_memory_equal(hello.source_key, handler->binding.source_key, sizeof hello.source_key);
	assert_memory_equal(hello.source_nonce, handler->binding.source_nonce, sizeof hello.source_nonce);
	/* And no more than that. */
	machine.caller.size = FIRMWARE_HEAD_SIZE + sizeof hello - 1;
	one.message_size = 0;
	assert_int_equal(smi(&one), FIRMWARE_REPLY_SIZE);
}

/* ---- read plans */

/* Of pages that are mapped one after the other from here on. */
#define PLAN_AT (MACHINE_VIRTUAL + UINT64_C(100) * GUEST_PAGE_SIZE)

/* TAKEs `size` bytes from PLAN_AT on; the page at PAGE_AT, and SMRAM, lie there. */
static struct plan plan_of(uint32_t size)
{
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
	plan.page_offset = MACHINE_VIRTUAL;
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

static void a_session_that_is_closed_is_gone(void **state)
{
	(void)state;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_OK);
	struct client late = one;
	assert_int_equal(link_close(&one.link, one.message, sizeof one.message, &one.message_size), STATUS_OK);
	assert_int_equal(smi(&one), FIRMWARE_ACCEPTED);
	const struct link_request request = {.operation_count = 1, .operation = {page_read(PAGE_AT)}};
	put_request(&late, &request);
	assert_int_equal(smi(&late), FIRMWARE_SESSION);
}

static void the_session_that_was_used_least_recently_makes_room(void **state)
{
	static struct client clients[FIRMWARE_SESSION_COUNT + 1];
	const struct link_request request = {.operation_count = 1, .operation = {page_read(PAGE_AT)}};

	(void)state;
	for (size_t i = 0; i < FIRMWARE_SESSION_COUNT; i++) {
		assert_int_equal(handshake(&clients[i]), FIRMWARE_ACCEPTED);
		assert_int_equal(ask(&clients[i], page_read(PAGE_AT), NULL), STATUS_OK);
	}
	assert_int_equal(ask(&clients[0], page_read(PAGE_AT), NULL), STATUS_OK);
	assert_int_equal(handshake(&clients[FIRMWARE_SESSION_COUNT]), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&clients[FIRMWARE_SESSION_COUNT], page_read(PAGE_AT), NULL), STATUS_OK);
	assert_int_equal(ask(&clients[0], page_read(PAGE_AT), NULL), STATUS_OK);
	put_request(&clients[1], &request);
	assert_int_equal(smi(&clients[1]), FIRMWARE_SESSION);
}

static int agreement_count, key_count, signature_count;

static status counted_shared(const uint8_t secret[static LINK_KEY_SIZE], const uint8_t peer[static LINK_KEY_SIZE],
			     uint8_t ret_shared[static LINK_KEY_SIZE])
{
	agreement_count++;
	return primitives->x25519_shared(secret, peer, ret_shared);
}

static status counted_public(const uint8_t secret[static LINK_KEY_SIZE], uint8_t ret_public[static LINK_KEY_SIZE])
{
	key_count++;
	return primitives->x25519_public(secret, ret_public);
}

static status counted_verify(const uint8_t key[static LINK_OWNER_KEY_SIZE], const uint8_t digest[static LINK_HASH_SIZE],
			     const uint8_t signature[static LINK_SIGNATURE_SIZE])
{
	signature_count++;
	return primitives->p256_verify(key, digest, signature);
}

static void expect_work(int agreements, int keys, int signatures)
{
	assert_int_equal(agreement_count, agreements);
	assert_int_equal(key_count, keys);
	assert_int_equal(signature_count, signatures);
	agreement_count = key_count = signature_count = 0;
}

static void a_first_whose_grant_is_not_good_costs_no_more_than_to_find_that_out(void **state)
{
	struct link_primitives counting = *primitives;

	(void)state;
	counting.x25519_shared = counted_shared;
	counting.x25519_public = counted_public;
	counting.p256_verify = counted_verify;
	handler->primitives = &counting;
	one.message_size = LINK_FIRST_OVERHEAD;
	memset(one.message, 0, sizeof one.message);
	link_head_write(&(struct link_head){.type = LINK_MESSAGE_FIRST, .size = LINK_FIRST_OVERHEAD - LINK_HEAD_SIZE},
			one.message);
	memcpy(one.message + LINK_HEAD_SIZE, "here", 4);
	one.message[LINK_HEAD_SIZE + START_TARGET_SIZE] = 9;
	assert_int_equal(smi(&one), FIRMWARE_GRANT);
	expect_work(1, 0, 0);
	owner_secret[0] ^= 1;
	assert_int_equal(handshake(&one), FIRMWARE_GRANT);
	expect_work(2, 0, 1);
	owner_secret[0] ^= 1;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	expect_work(4, 1, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_enclave_with_a_grant_reads_memory),
		TEST(a_reply_says_whether_all_cpus_stood_still),
		TEST(no_request_reads_smram_or_what_is_no_ram),
		TEST(the_machine_is_described),
		TEST(a_grant_that_is_not_for_here_is_refused),
		TEST(a_session_goes_on_after_anything_that_is_not_its_next_record),
		TEST(a_record_of_one_session_is_none_of_another),
		TEST(replayed_firsts_displace_each_other_only),
		TEST(a_quota_is_counted_over_all_sessions_of_a_grant),
		TEST(rights_are_the_grants),
		TEST(an_answer_that_does_not_fit_changes_nothing),
		TEST(what_is_no_message_is_refused),
		TEST(whoever_asks_is_told_key_and_nonce),
		TEST(a_plan_brings_what_its_walk_touches_and_nothing_of_smram),
		TEST(a_plan_takes_as_many_smis_as_its_budget_says),
		TEST(a_plan_has_the_grants_rights_and_quota),
		TEST(what_is_no_plan_is_refused_and_the_session_goes_on),
		TEST(a_session_that_is_closed_is_gone),
		TEST(the_session_that_was_used_least_recently_makes_room),
		TEST(a_first_whose_grant_is_not_good_costs_no_more_than_to_find_that_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
