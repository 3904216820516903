/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One question to the service, and its answer. */
#ifndef HOST_AESM_EXCHANGE_H
#define HOST_AESM_EXCHANGE_H

#include "aesm.pb-c.h"
#include "base/reader.h"
#include "base/status.h"
#include "host/aesm/aesm.h"

enum {
	/* A quote (16 KiB at most) or a list of keys, and what is around it. */
	AESM_ANSWER_SIZE_MAX = 64 << 10,
};

/* What is asked from now on takes so long together, and who waits is told after `notice_ms`. */
void aesm_deadline_start(struct aesm_deadline *deadline, uint32_t whole_ms, uint32_t notice_ms);

/* Connect to `path`, ask, hang up: the service takes one question each time. *ret_answer is for
 * aesm__response__free_unpacked(…, NULL). As aesm_quoter() says; reported. */
MUST_USE status aesm_exchange(const char *path, struct aesm_deadline *deadline, const Aesm__Request *request,
			      Aesm__Response **ret_answer);

/* An answer's bytes without their length. STATUS_MALFORMED, not reported. */
MUST_USE status aesm_unpack(struct span bytes, Aesm__Response **ret_answer);

#endif
