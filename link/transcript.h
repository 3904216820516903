/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One whole session with fixed keys, for comparison with another implementation
 * (tests/link_reference.py; docs/link.md has the bytes). Nobody but tests calls it: fixed
 * ephemeral keys protect nothing.
 */
#ifndef LINK_TRANSCRIPT_H
#define LINK_TRANSCRIPT_H

#include "base/reader.h"
#include "base/status.h"
#include "link/primitives.h"

typedef void (*link_transcript_listener)(void *context, const char *name, struct span message);

/* Both ends talk to each other; the listener gets each message. All keys are one byte, 32
 * times: enclave's 0x11, source's 0x22, their ephemeral ones 0x33 and 0x44; the owner's key is 64
 * times 0x55, the source's nonce 0x66; the target is "qemu:1", the payload "grant". The records are
 * "request", "reply", then as many empty ones as it takes to LINK_REKEY_RECORDS, "rekeyed" there
 * and back, CLOSE there. As link/session.h. */
MUST_USE status link_transcript_run(const struct link_primitives *primitives, link_transcript_listener listener,
				    void *context);

#endif
