/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of the connection to the verifier: CALL_VERIFIER_*. The host carries them, and may say of them what it likes:
 * the tags of TLS' records decide. */
#ifndef ENCLAVE_ATTEST_TRANSFER_H
#define ENCLAVE_ATTEST_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/call.h"

/* One call of the host carries no more; a TLS record has at most 16 KiB and a little. */
enum { TRANSFER_SIZE_MAX = 16 << 10 };

/* How many of the bytes went, or came: at most `size`, and at most TRANSFER_SIZE_MAX. 0: none within a second, or
 * `wait_ms` (of the host's, up to CALL_VERIFIER_WAIT_MS_MAX). Less than 0: the connection is at its end, or the host
 * answered what can't be. */
int transfer_send(const void *bytes, size_t size);
int transfer_receive(void *bytes, size_t size, uint32_t wait_ms);

/* Another connection in place of the one there was. STATUS_IO, not reported: there is none. */
MUST_USE status transfer_connect(void);

#endif
