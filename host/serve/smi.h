/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This machine's firmware as a source: one message of the link there, one back, each by an SMI
 * (wire/smi.h). The pages that firmware looks at are locked, and written before, so that they are
 * mapped and our own; the kernel may still move one at any moment, so what fails by that is done again.
 */
#ifndef HOST_SERVE_SMI_H
#define HOST_SERVE_SMI_H

#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "wire/agent.h"
#include "wire/smi.h"

struct smi;

/* Get at the port and ask the firmware who it is. All reported: STATUS_DENIED: no CAP_SYS_RAWIO, or the kernel
 * is locked down; STATUS_MISSING: firmware without our driver; STATUS_NO_MEMORY (locked memory, too). */
MUST_USE status smi_create(struct smi **ret_smi);
void smi_destroy(struct smi *smi);

/* What it said of itself: its key, and the nonce of this start. A claim: the kernel may have stood between. */
const struct agent_hello *smi_hello(const struct smi *smi);
/* The number of the last SMI that was answered, since the machine's start. */
uint64_t smi_number(const struct smi *smi);

/* A message of at most SMI_BUFFER_SIZE_MAX - SMI_HEAD_SIZE bytes, and its answer. A refusal is put into an ERROR
 * of the link. STATUS_GONE: nobody answered. STATUS_MALFORMED: what answered is no message, or longer than
 * `capacity`. Neither is reported: the enclave says it. */
MUST_USE status smi_exchange(struct smi *smi, struct span message, uint8_t *ret_answer, size_t capacity,
			     size_t *ret_size);

/* Why the firmware refused, as a sentence. */
const char *smi_refusal_text(enum firmware_refusal refusal);

/* The instruction and the right to it (smi-port.c); a test has its own. */

/* STATUS_DENIED, reported with what is missing. */
MUST_USE status smi_port_open(void);
/* RBX afterwards. */
uint64_t smi_port_call(void *buffer, size_t size);

#endif
