/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The enclave's end of a connection to the remote verifier: TLS 1.3 in which this enclave has shown
 * who it is, and the verifier that it holds the owner's key (wire/evidence.h). One at a time.
 */
#ifndef ENCLAVE_ATTEST_VERIFIER_H
#define ENCLAVE_ATTEST_VERIFIER_H

#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "wire/evidence.h"

/* How long to wait for a verifier that says nothing, by the host's clock, where nobody is held up by it. */
enum { VERIFIER_PATIENCE_MS = 60000 };

/* Make a key for this run, shake hands with the verifier, and be accepted by it. `binding` gets into
 * the second quote. All reported: STATUS_MISSING: the host has no connection to a verifier; STATUS_DENIED: the
 * other end doesn't hold the owner's key, or has refused us (in its own words); STATUS_UNSUPPORTED: no
 * evidence on this backend; STATUS_NO_MEMORY; STATUS_MALFORMED: what came isn't wire/evidence.h; STATUS_IO: the
 * connection failed, or nothing came for `patience_ms`; STATUS_INTERNAL. */
MUST_USE status verifier_connect(const uint8_t binding[EVIDENCE_BINDING_SIZE], uint32_t patience_ms);
/* Forget its keys. Harmless without a connection. */
void verifier_disconnect(void);

/* All of it. STATUS_IO, reported: the connection failed, or took nothing for `patience_ms`. */
MUST_USE status verifier_send(struct span bytes, uint32_t patience_ms);
/* What is there, at least a byte, at most `size`. STATUS_TORN: nothing came within a second; STATUS_GONE: the
 * verifier has ended the connection, in order; STATUS_IO, reported: it was cut, or something altered. */
MUST_USE status verifier_receive(void *buffer, size_t size, size_t *ret_size);
/* The same, but for at most so many milliseconds (of the host's), up to CALL_VERIFIER_WAIT_MS_MAX; 0: what is there
 * already. */
MUST_USE status verifier_receive_within(void *buffer, size_t size, uint32_t wait_ms, size_t *ret_size);

/* Have the host make another connection, in place of the one that there was: what comes before another
 * verifier_connect(). STATUS_IO, not reported: it can't now. */
MUST_USE status verifier_reconnect(void);

#endif
