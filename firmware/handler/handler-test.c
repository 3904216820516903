/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "firmware/handler/fake-enclave.h"
#include "wire/agent.h"

static void an_enclave_with_a_grant_reads_memory(void **state)
{
	const uint8_t *data;

	(void)state;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&one, page_read(PAGE_AT), &data), STATUS_OK);
	assert_memory_equal(data, machine.bytes + PAGE_AT, GUEST_PAGE_SIZE);
	assert_int_equal(ask(&one, page_read(PAGE_AT + GUEST_PAGE_SIZE), &data), STATUS_OK);
	assert_int_equal(data[0], 0);
	/* Past an epoch, which there is none of here, is the same. */
	struct link_operation now = page_read(PAGE_AT);
	now.space = LINK_SPACE_NOW;
	assert_int_equal(ask(&one, now, &data), STATUS_OK);
	assert_memory_equal(data, machine.bytes + PAGE_AT, GUEST_PAGE_SIZE);
	now.address = MACHINE_SMRAM;
	assert_int_equal(ask(&one, now, &data), STATUS_UNMAPPED);
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

static void expect_expired(void)
{
	assert_int_equal(handshake(&two), FIRMWARE_EXPIRED);
	make_grant();
}

static void a_grant_that_ended_before_the_owner_dated_another_is_refused(void **state)
{
	(void)state;
	grant.issued_at = 1000, grant.valid_until = 2000;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_OK);
	/* What he didn't sign says nothing of time; nor does a grant's end. */
	owner_secret[5] ^= 1;
	grant.issued_at = 3000, grant.valid_until = 4000;
	assert_int_equal(handshake(&two), FIRMWARE_GRANT);
	owner_secret[5] ^= 1;
	grant.issued_at = 1500, grant.valid_until = 9000;
	assert_int_equal(handshake(&two), FIRMWARE_ACCEPTED);
	grant.issued_at = 0, grant.valid_until = 1501;
	assert_int_equal(handshake(&two), FIRMWARE_ACCEPTED);
	grant.valid_until = 1500;
	expect_expired();
	/* What he signed for another machine, does. */
	grant.source_key[0] ^= 1;
	grant.issued_at = 2000, grant.valid_until = 2500;
	assert_int_equal(handshake(&two), FIRMWARE_GRANT);
	make_grant();
	grant.issued_at = 1000, grant.valid_until = 2000;
	expect_expired();
	/* An earlier one takes nothing back, and whoever is in goes on. */
	grant.issued_at = 1, grant.valid_until = 2001;
	assert_int_equal(handshake(&two), FIRMWARE_ACCEPTED);
	grant.valid_until = 2000;
	expect_expired();
	assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_OK);
}

static void a_grant_that_ended_before_the_machine_started_is_refused(void **state)
{
	(void)state;
	begin_again(1700000000);
	grant.valid_until = 1700000000;
	expect_expired();
	grant.valid_until = 1700000001;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_OK);
	/* A grant for elsewhere that is over, too, is first of all one for elsewhere. */
	grant.valid_until = 1, grant.source_nonce[0] ^= 1;
	assert_int_equal(handshake(&two), FIRMWARE_GRANT);
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

/* By the estimate of docs/bench/smm.md; without, one of 32 pages took 210 us. */
static void what_one_smi_has_no_time_for_is_refused_and_the_session_goes_on(void **state)
{
	struct link_request request = {.operation_count = SMI_READ_PAGES_MAX};

	(void)state;
	for (size_t i = 0; i < LINK_OPERATION_COUNT_MAX; i++)
		request.operation[i] = page_read(PAGE_AT);
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	put_request(&one, &request);
	assert_int_equal(smi(&one), FIRMWARE_ACCEPTED);
	struct client kept = one;
	request.operation_count = SMI_READ_PAGES_MAX + 1;
	put_request(&one, &request);
	assert_int_equal(smi(&one), FIRMWARE_TOO_MUCH);
	/* Little to seal, but CPUs to be waited for. */
	for (uint32_t count = SMI_REGISTERS_MAX; count <= SMI_REGISTERS_MAX + 1; count++) {
		struct link_request registers = {.operation_count = count};

		one = kept;
		for (size_t i = 0; i < count; i++)
			registers.operation[i] = (struct link_operation){.type = LINK_REGISTERS};
		put_request(&one, &registers);
		assert_int_equal(smi(&one), count > SMI_REGISTERS_MAX ? FIRMWARE_TOO_MUCH : FIRMWARE_ACCEPTED);
		if (count == SMI_REGISTERS_MAX)
			kept = one;
	}
	one = kept;
	request.operation_count = LINK_OPERATION_COUNT_MAX;
	for (size_t i = 0; i < LINK_OPERATION_COUNT_MAX; i++)
		request.operation[i].size = 8;
	put_request(&one, &request);
	assert_int_equal(smi(&one), FIRMWARE_ACCEPTED);
}

static void programs_that_start_at_once_have_a_session_each(void **state)
{
	static struct client clients[FIRMWARE_HALF_OPEN_COUNT];

	(void)state;
	assert_true(FIRMWARE_HALF_OPEN_COUNT >= 4);
	for (size_t i = 0; i < FIRMWARE_HALF_OPEN_COUNT; i++)
		assert_int_equal(handshake(&clients[i]), FIRMWARE_ACCEPTED);
	for (size_t i = 0; i < FIRMWARE_HALF_OPEN_COUNT; i++)
		assert_int_equal(ask(&clients[i], page_read(PAGE_AT), NULL), STATUS_OK);
}

static void grants_that_fill_all_places_leave_those_that_have_one(void **state)
{
	const struct link_request request = {.operation_count = 1, .operation = {page_read(PAGE_AT)}};

	(void)state;
	/* All of them are looked for from the same place on. */
	for (uint32_t i = 0; i < 3; i++) {
		grant.id[8] = (uint8_t)i;
		grant.quota_requests = i + 1;
		assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
		for (uint32_t k = 0; k <= i; k++)
			assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_OK);
		assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_LIMIT);
	}
	grant.id[8] = 9;
	grant.quota_requests = 1000;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_OK);
	assert_int_equal(handler->quota_count, 4);
	handler->quota_count = FIRMWARE_GRANT_COUNT_MAX;
	assert_int_equal(handshake(&two), FIRMWARE_ACCEPTED);
	assert_int_equal(ask(&two, page_read(PAGE_AT), NULL), STATUS_OK);
	grant.id[8] = 10;
	assert_int_equal(handshake(&two), FIRMWARE_ACCEPTED);
	put_request(&two, &request);
	assert_int_equal(smi(&two), FIRMWARE_NO_PLACE);
	assert_int_equal(ask(&one, page_read(PAGE_AT), NULL), STATUS_OK);
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

static void expect_reads(size_t message_size)
{
	for (size_t i = 0; i < BUFFER_SIZE; i++)
		assert_int_equal(buffer_reads(i), i < FIRMWARE_HEAD_SIZE + message_size);
	memset(machine.byte_reads, 0, MACHINE_SIZE * sizeof *machine.byte_reads);
}

/* What another CPU makes of it between two looks would count otherwise. */
static void each_byte_of_a_message_is_read_once(void **state)
{
	const struct link_request request = {.operation_count = 1, .operation = {{.type = LINK_CHECK}}};

	(void)state;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	expect_reads(LINK_FIRST_OVERHEAD + LINK_GRANT_SIZE);
	put_request(&one, &request);
	const size_t size = one.message_size;
	machine.flips_after_read = true;
	assert_int_equal(smi(&one), FIRMWARE_ACCEPTED);
	for (size_t i = 0; i < MACHINE_SIZE; i++)
		assert_true(machine.byte_reads[i] <= 1);
	expect_reads(size);
}

/* Session and counter can be guessed: what is opened for a guess is bounded. */
static void a_message_that_is_longer_than_any_is_not_copied(void **state)
{
	struct link_head head = {.type = LINK_MESSAGE_RECORD, .size = FIRMWARE_REQUEST_SIZE_MAX - LINK_HEAD_SIZE};

	(void)state;
	assert_int_equal(handshake(&one), FIRMWARE_ACCEPTED);
	expect_reads(LINK_FIRST_OVERHEAD + LINK_GRANT_SIZE);
	const uint32_t number = one.number;
	for (size_t i = 0; i < 3; i++) {
		one.message_size = i == 2 ? BUFFER_SIZE - FIRMWARE_HEAD_SIZE : FIRMWARE_REQUEST_SIZE_MAX + i;
		head.size = (uint32_t)(one.message_size - LINK_HEAD_SIZE);
		link_head_write(&head, one.message);
		assert_int_equal(smi(&one), i == 0 ? FIRMWARE_SESSION : FIRMWARE_FORMAT);
		expect_reads(i == 0 ? one.message_size : 0);
		one.number = number;
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_enclave_with_a_grant_reads_memory),
		TEST(a_reply_says_whether_all_cpus_stood_still),
		TEST(no_request_reads_smram_or_what_is_no_ram),
		TEST(the_machine_is_described),
		TEST(a_grant_that_is_not_for_here_is_refused),
		TEST(a_grant_that_ended_before_the_owner_dated_another_is_refused),
		TEST(a_grant_that_ended_before_the_machine_started_is_refused),
		TEST(a_session_goes_on_after_anything_that_is_not_its_next_record),
		TEST(a_record_of_one_session_is_none_of_another),
		TEST(replayed_firsts_displace_each_other_only),
		TEST(a_quota_is_counted_over_all_sessions_of_a_grant),
		TEST(rights_are_the_grants),
		TEST(an_answer_that_does_not_fit_changes_nothing),
		TEST(what_one_smi_has_no_time_for_is_refused_and_the_session_goes_on),
		TEST(programs_that_start_at_once_have_a_session_each),
		TEST(grants_that_fill_all_places_leave_those_that_have_one),
		TEST(what_is_no_message_is_refused),
		TEST(each_byte_of_a_message_is_read_once),
		TEST(a_message_that_is_longer_than_any_is_not_copied),
		TEST(whoever_asks_is_told_key_and_nonce),
		TEST(a_session_that_is_closed_is_gone),
		TEST(the_session_that_was_used_least_recently_makes_room),
		TEST(a_first_whose_grant_is_not_good_costs_no_more_than_to_find_that_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
