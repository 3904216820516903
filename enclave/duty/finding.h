/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A finding about what a program printed: a JSON object that is whole whatever the watched machine had printed. What
 * has no room in it is counted.
 *
 * Strings are printable ASCII: a backslash is written twice, every other byte as \xNN. A line is named by its first 200
 * bytes; a longer one has its size and its hash behind them, so that no two lines look alike.
 */
#ifndef ENCLAVE_DUTY_FINDING_H
#define ENCLAVE_DUTY_FINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"
#include "enclave/duty/lines.h"
#include "wire/verifier.h"

enum {
	FINDING_SIZE_MAX = 24 << 10,
	/* Lines that each of the lists names at most, where they aren't too long. */
	FINDING_LINE_COUNT_MAX = 32,
};

/* SHA-256; false: there is none now. */
typedef bool finding_hash(struct span bytes, uint8_t ret_hash[static VERIFIER_HASH_SIZE]);

struct finding {
	const char *program; /* fewer than VERIFIER_PROGRAM_SIZE bytes */
	const char *words; /* the command as it is run */
	finding_hash *hash;
	char text[FINDING_SIZE_MAX]; /* no NUL behind it */
	size_t size;
};

/* Each makes `text` and `size`; what is before them is the caller's.
 *
 * The lines that are new or gone. False: there are none, and nothing is to be told. */
bool finding_of_difference(struct finding *finding, const struct lines *last, const struct lines *now);
/* It ended with another status than 0. */
void finding_of_failure(struct finding *finding, int exit_status);
/* What later looks are compared with: how much it is. `size` bytes were printed. */
void finding_of_baseline(struct finding *finding, const struct lines *now, size_t size);

#endif
