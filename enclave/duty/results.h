/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results that the verifier hasn't acknowledged, numbered and chained (wire/verifier.h). */
#ifndef ENCLAVE_DUTY_RESULTS_H
#define ENCLAVE_DUTY_RESULTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "link/primitives.h"
#include "wire/verifier.h"

enum {
	/* One piece; a program's output is cut into such. */
	RESULT_CONTENT_SIZE_MAX = 32 * 1024,
	/* All that wait: of a manifest's heap, it is little. */
	RESULTS_SIZE_MAX = 256 * 1024,
};

struct result {
	struct result *next;
	uint64_t number;
	size_t size;
	uint8_t body[]; /* struct verifier_result, content */
};

/* Zeros at first, but for stream and target. */
struct results {
	uint8_t stream[VERIFIER_STREAM_SIZE];
	char target[START_TARGET_SIZE];
	uint64_t number; /* of the last one that was made */
	uint8_t last_hash[VERIFIER_HASH_SIZE];
	struct result *first, *last; /* not acknowledged, by number */
	size_t size; /* of their bodies */
};

/* One more, of at most RESULT_CONTENT_SIZE_MAX bytes. STATUS_NO_MEMORY, STATUS_INTERNAL, reported: it isn't added. */
MUST_USE status results_add(struct results *results, const struct link_primitives *primitives,
			    enum verifier_result_kind kind, uint64_t epoch, const char *program, struct span content);
/* The verifier has all up to this number: forget them. */
void results_forget(struct results *results, uint64_t number);

#endif
