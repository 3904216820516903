/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's way to a remote verifier (wire/evidence.h): carries bytes of a TLS connection between
 * the enclave and it. It can hold them back, and that's all.
 */
#ifndef HOST_SERVE_VERIFIER_CLIENT_H
#define HOST_SERVE_VERIFIER_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct verifier_client;

/* Connect to the verifier at `place` (as agent_address_parse(), but for serial: and ivshmem:). All
 * reported: STATUS_MISSING: nothing listens there; STATUS_DENIED: permissions; STATUS_USAGE: no such place;
 * STATUS_NO_MEMORY; STATUS_IO. */
MUST_USE status verifier_client_create(const char *place, struct verifier_client **ret_client);
void verifier_client_destroy(struct verifier_client *client);

/* CALL_VERIFIER_CONNECT. As verifier_client_create(); where it fails again and again, only the first failure is
 * reported. */
MUST_USE status verifier_client_connect(struct verifier_client *client);

/* CALL_VERIFIER_SEND and CALL_VERIFIER_RECEIVE, with their results: a count of bytes ≤ `size`, 0 or STATUS_IO. */
int64_t verifier_client_send(struct verifier_client *client, const void *bytes, size_t size);
int64_t verifier_client_receive(struct verifier_client *client, void *bytes, size_t size, uint64_t wait_ms);

#endif
