/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quotes of an SGX platform: DCAP's ECDSA quotes by Intel's quoting enclave, which belongs to the service AESM (aesmd,
 * of linux-sgx). It is asked over its Unix socket, in protocol buffers.
 *
 * Neither the service nor this side is trusted: a verifier judges what comes out. What is checked here is checked
 * so that a person learns what to do: nobody would accept a quote that fails it.
 */
#ifndef HOST_AESM_AESM_H
#define HOST_AESM_AESM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "host/serve/quoter.h"
#include "wire/sgx.h"

/* Where aesmd listens (linux-sgx, psw/ae/aesm_service). */
#define AESM_SOCKET "/var/run/aesmd/aesm.socket"

enum {
	/* sgx_att_key_id_ext_t: linux-sgx, common/inc/sgx_quote.h. */
	AESM_KEY_ID_SIZE = 256,
	/* All questions for a TARGETINFO together: the first ones may make the service's quoting enclave fetch its
	 * certificate; and all for a quote, by when it has that. */
	AESM_TARGET_MS = 20000,
	AESM_QUOTE_MS = 10000,
	/* Whoever waits for longer is told what for. */
	AESM_NOTICE_MS = 3000,
};

/* Of what is asked for now, by the steady clock. */
struct aesm_deadline {
	uint32_t whole_ms;
	int64_t end_ms;
	int64_t notice_ms; /* then it is said that we wait; 0: it was */
};

struct aesm {
	const char *path; /* the caller's */
	uint32_t target_ms, quote_ms, notice_ms; /* AESM_*_MS, unless changed */
	struct aesm_deadline deadline;
	bool has_key;
	uint8_t key_id[AESM_KEY_ID_SIZE]; /* of the attestation key that all quotes are made with */
	struct quoter quoter;
};

/* Nothing is asked yet. `path` must outlive it; it takes no _deinit(). */
void aesm_init(struct aesm *aesm, const char *path);

/* What answers CALL_QUOTE_TARGET and CALL_QUOTE by this service, valid as long as `aesm`. Its statuses, all reported:
 * STATUS_MISSING: nothing listens there; STATUS_DENIED: not for this user; STATUS_GONE: no answer, or a cut one;
 * STATUS_UNSUPPORTED: no ECDSA key, or a service that is too old; STATUS_IO: it refused; STATUS_LIMIT: an answer or a
 * quote is too large; STATUS_MALFORMED: no answer of an AESM, or a quote about another report. */
const struct quoter *aesm_quoter(struct aesm *aesm);

#endif
