/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's way to a grantor (wire/grantor.h): carries an enclave's request there and
 * the answer back. It can withhold and mix up, and the enclave notices; it can't make
 * a grant.
 */
#ifndef HOST_SERVE_GRANTOR_CLIENT_H
#define HOST_SERVE_GRANTOR_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "wire/grantor.h"

struct grantor_client;

/* Connect to the grantor at `place` (as agent_address_parse()) and ask for the owner's
 * key. All reported: STATUS_MISSING: nothing listens there; STATUS_DENIED: permissions;
 * STATUS_USAGE: no such place; STATUS_GONE: no answer; STATUS_MALFORMED: not a grantor; STATUS_IO. */
MUST_USE status grantor_client_create(const char *place, struct grantor_client **ret_client);
void grantor_client_destroy(struct grantor_client *client);

/* START_OWNER_KEY_SIZE bytes; a claim. */
const uint8_t *grantor_client_owner_key(const struct grantor_client *client);

/* CALL_GRANT: `capacity` is room for a grant. STATUS_DENIED: refused, reported with the
 * grantor's sentence. STATUS_GONE: it hung up; STATUS_MALFORMED: it isn't one; reported. */
MUST_USE status grantor_client_ask(struct grantor_client *client, struct span request, uint8_t *ret_grant,
				   size_t capacity, size_t *ret_size);

#endif
