/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages through the ring (wire/link-ring.h), from the enclave's side: one there,
 * one back. The ring is the host's memory, and all that comes out of it is as hostile
 * as the host; link/ decides what of it is true.
 */
#ifndef ENCLAVE_LINK_CHANNEL_H
#define ENCLAVE_LINK_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"

/* Send a message of at most LINK_RING_REQUEST_SIZE bytes. STATUS_INTERNAL, reported: it is empty or too long. */
MUST_USE status channel_send(struct span message);

/* Wait for the answer to the message that was sent last, of which at most `capacity` bytes are copied. Waits as
 * long as the source is there: the user or the host may end the run.
 * All reported: STATUS_IO: the source has ended; STATUS_MALFORMED: the answer can't be
 * one (its size), or the host's answer can't. */
MUST_USE status channel_receive(uint8_t *ret_answer, size_t capacity, size_t *ret_size);

/* Both, one after the other. */
MUST_USE status channel_exchange(struct span message, uint8_t *ret_answer, size_t capacity, size_t *ret_size);

/* Leave last words, of at most LINK_RING_REQUEST_SIZE bytes, in the ring, and wait for nobody:
 * the source finds them there, if the host lets it. */
void channel_leave(struct span message);

#endif
