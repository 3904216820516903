/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of soak-records. */
#ifndef TESTS_SOAK_RECORDS_H
#define TESTS_SOAK_RECORDS_H

#include "link-world.h"

/* records-enclave.c: enclave/link/ as it is, from the grant to the memory that it gives to a
 * program, with one lie in one of the messages or in the ring. */
enum enclave_lie {
	ENCLAVE_MUTATION, /* of a message, either way */
	ENCLAVE_DROPPED, /* a message that never comes */
	ENCLAVE_RING_SIZE,
	ENCLAVE_RING_SEQUENCE,
	ENCLAVE_RING_CONTENT, /* everything in the ring but the answer */
	ENCLAVE_WAIT_RESULT, /* what the host says of its waiting */
	ENCLAVE_GRANT_CHANGED, /* after it was signed */
	ENCLAVE_GRANT_OTHER, /* well signed, and not for this */
	ENCLAVE_REPLY_HEAD, /* the source itself, well sealed */
	ENCLAVE_REPLY_RESULTS,
	ENCLAVE_REPLY_DATA,
	ENCLAVE_REPLY_SIZE,
};

enum verdict try_enclave(enum enclave_lie lie, enum mutation mutation);

/* records-session.c: two link sessions, young ones and such as have changed their keys. */
enum verdict try_session(enum mutation mutation);
enum verdict try_reordered(void);
enum verdict try_across_rekey(void);
enum verdict try_request_content(void);
enum verdict try_grant_shown(void);

/* records-reply.c: what may come of a reply's content, read from its bytes by link/request.h's text alone. */
void reply_tamper_head(struct source *source);
void reply_tamper_results(struct source *source);
void reply_tamper_data(struct source *source);
void reply_tamper_size(struct source *source);
/* Must it be refused? Else *ret_outcome has each operation's, and data is in its slot. */
bool reply_must_be_refused(const struct source *source, status ret_outcome[LINK_OPERATION_COUNT_MAX]);
const uint8_t *reply_slot(const struct source *source, uint32_t index);
uint64_t reply_u64(const uint8_t *bytes);

#endif
