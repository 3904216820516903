/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results that outlive the enclave without having been acknowledged: sealed for this very image (EGETKEY's seal key by
 * MRENCLAVE), on the host's disk. The host can't read or make one. It can destroy them, which shows where a
 * heartbeat has told how many there are, and show old ones again, which changes nothing: each is of its own stream.
 */
#ifndef ENCLAVE_DUTY_UNSENT_H
#define ENCLAVE_DUTY_UNSENT_H

#include "enclave/duty/results.h"

/* Leave one with the host. STATUS_UNSUPPORTED, not reported: it keeps none. Reported: STATUS_IO: it couldn't; faults of
 * the CPU's keys. */
MUST_USE status unsent_keep(const struct link_primitives *primitives, const struct results *results,
			    const struct result *result);

/* One that was left, of this image. */
struct unsent {
	uint8_t stream[VERIFIER_STREAM_SIZE];
	char target[START_TARGET_SIZE];
	size_t size;
	uint8_t body[sizeof(struct verifier_result) + RESULT_CONTENT_SIZE_MAX];
};

/* The one of that number in that file, both from 0: each run that left something has a file, and those of runs that go
 * on aren't shown. STATUS_END: there are no more. Reported: STATUS_MALFORMED: it isn't what this image has sealed;
 * STATUS_IO. */
MUST_USE status unsent_find(const struct link_primitives *primitives, uint64_t file, uint64_t number,
			    struct unsent *ret_unsent);
/* The verifier has all in that file, or in this run's: CALL_UNSENT_OWN. */
void unsent_forget(uint64_t file);

#endif
