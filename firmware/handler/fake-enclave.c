/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/handler/fake-enclave.h"

#include <bearssl.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "firmware/crypto/primitives.h"

struct fake_machine machine;
struct firmware_handler *handler;
const struct link_primitives *primitives;
unsigned char owner_secret[32];
static uint8_t owner_key[START_OWNER_KEY_SIZE];

struct link_key_pair enclave;
struct link_grant grant;
struct client one, two;

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

bool all_stand;

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

void make_grant(void)
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

void begin_again(uint64_t earliest_time)
{
	struct firmware_settings settings = {
		.primitives = primitives,
		.target = "here",
		.earliest_time = earliest_time,
		.map = &machine.map,
		.memory = &machine.memory,
		.machine = &cpus,
	};

	memcpy(settings.owner_key, owner_key, sizeof owner_key);
	assert_int_equal(firmware_handler_init(handler, &settings), STATUS_OK);
	make_grant();
}

int setup(void **state)
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
	assert_int_equal(link_key_pair_init(&enclave, primitives), STATUS_OK);
	begin_again(0);
	memset(machine.bytes + PAGE_AT, 0x3c, GUEST_PAGE_SIZE);
	memset(machine.bytes + MACHINE_SMRAM, 0x5e, MACHINE_SMRAM_SIZE);
	return 0;
}

int teardown(void **state)
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

void buffer_put(size_t offset, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		*buffer_at(offset + i) = bytes[i];
}

uint16_t buffer_reads(size_t offset)
{
	return machine.byte_reads[buffer_at(offset) - machine.bytes];
}

static void buffer_get(size_t offset, uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = *buffer_at(offset + i);
}

enum firmware_refusal smi(struct client *client)
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

enum firmware_refusal handshake(struct client *client)
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

void put_request(struct client *client, const struct link_request *request)
{
	uint8_t content[LINK_REQUEST_SIZE];
	size_t size;

	assert_int_equal(link_request_encode(request, content, &size), STATUS_OK);
	assert_int_equal(link_seal(&client->link, (struct span){content, size}, client->message, sizeof client->message,
				   &client->message_size),
			 STATUS_OK);
}

bool last_was_still;

status ask(struct client *client, struct link_operation operation, const uint8_t **ret_data)
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

struct link_operation page_read(uint64_t address)
{
	return (struct link_operation){
		.type = LINK_READ, .space = LINK_SPACE_PHYSICAL, .size = GUEST_PAGE_SIZE, .address = address};
}
