/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an enclave asks of a grantor, relayed by the host: "this is who I am
 * (report), this is my key; may I watch this target?" The answer is a grant
 * (link/grant.h) signed by the owner, or why not.
 *
 * Frames as in wire/agent.h, over a Unix socket: GRANTOR_ASK_KEY → GRANTOR_KEY
 * (the owner's public key), GRANTOR_ASK → GRANTOR_GRANT or GRANTOR_REFUSED.
 */
#ifndef WIRE_GRANTOR_H
#define WIRE_GRANTOR_H

#include <assert.h>
#include <stdint.h>

#include "wire/sgx.h"
#include "wire/start.h"

enum grantor_frame_type {
	GRANTOR_ASK_KEY = 16, /* empty */
	GRANTOR_KEY = 17, /* START_OWNER_KEY_SIZE bytes */
	GRANTOR_ASK = 18, /* struct grantor_request */
	GRANTOR_GRANT = 19, /* an encoded grant */
	GRANTOR_REFUSED = 20, /* a sentence in UTF-8, without NUL */
};

enum grantor_evidence {
	GRANTOR_EVIDENCE_SIM = 1, /* a report of the backend sim, under a fake root */
	GRANTOR_EVIDENCE_SGX = 2, /* a report of the CPU */
};

/* REPORTDATA = SHA-256(enclave key ‖ owner key ‖ source key ‖ source nonce), then
 * 32 zero bytes. The report is made for the TARGETINFO whose MRENCLAVE is
 * SHA-256("Bartizan grantor 1") and whose other fields are zero. */
struct grantor_request {
	uint32_t version; /* 1 */
	uint32_t evidence; /* enum grantor_evidence: the asker's word, checked by the report's MAC */
	uint8_t enclave_key[START_KEY_SIZE];
	uint8_t owner_key[START_OWNER_KEY_SIZE];
	uint8_t source_key[START_KEY_SIZE];
	uint8_t source_nonce[START_NONCE_SIZE];
	char target[START_TARGET_SIZE];
	uint32_t rights; /* asked for: link/grant.h's LINK_RIGHT_* */
	uint32_t reserved;
	struct sgx_report report;
};

static_assert(sizeof(struct grantor_request) == 736, "no padding");

#define GRANTOR_TARGETINFO_NAME "Bartizan grantor 1"

/* CPUSVN in a report of the backend sim (sim/key.h): text, which no CPU has: small numbers
 * are what a CPU says, and emulators of one. It only
 * tells which kind of evidence a report claims to be; the MAC tells what it is. */
#define GRANTOR_SIM_CPUSVN {'F', 'A', 'K', 'E', ' ', 'C', 'P', 'U', ' ', 'O', 'F', ' ', 'S', 'I', 'M', '!'}

#endif
