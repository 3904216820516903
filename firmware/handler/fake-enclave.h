/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: a handler on a fake machine, and enclaves with a grant of its owner's who make SMIs there. */
#ifndef FIRMWARE_HANDLER_FAKE_ENCLAVE_H
#define FIRMWARE_HANDLER_FAKE_ENCLAVE_H

#include "base/test.h"

#include "firmware/handler/fake-machine.h"
#include "firmware/handler/handler.h"

enum { BUFFER_SIZE = 40 * 4096, PAGE_AT = 0x180000 };

/* An enclave's end of a session. */
struct client {
	struct link_session link;
	uint32_t number;
	uint8_t message[FIRMWARE_BUFFER_SIZE_MAX];
	size_t message_size;
};

extern struct fake_machine machine;
extern struct firmware_handler *handler;
extern const struct link_primitives *primitives;
extern unsigned char owner_secret[32];
extern struct link_key_pair enclave; /* of all clients */
extern struct link_grant grant; /* what the next handshake brings, signed by the owner */
extern struct client one, two;
extern bool all_stand; /* what gathering the CPUs comes to */
extern bool last_was_still;

/* Of each test; teardown fails one after which the handler touched what the map doesn't allow. */
int setup(void **state);
int teardown(void **state);
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* Another start of the machine, which is at that time at least. */
void begin_again(uint64_t earliest_time);
/* A grant that is good here. */
void make_grant(void);
void buffer_put(size_t offset, const uint8_t *bytes, size_t size);
/* How often the handler read the buffer's byte there. */
uint16_t buffer_reads(size_t offset);
/* client->message there, the answer back into it. Who is refused finds the buffer unwritten. */
enum firmware_refusal smi(struct client *client);
/* FIRST, and if it is answered, SECOND. */
enum firmware_refusal handshake(struct client *client);
/* Sealed, into client->message. */
void put_request(struct client *client, const struct link_request *request);
/* One operation, its outcome, and its data, which lasts until the next one's. */
status ask(struct client *client, struct link_operation operation, const uint8_t **ret_data);
struct link_operation page_read(uint64_t address);

#endif
