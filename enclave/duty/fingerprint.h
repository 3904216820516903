/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENCLAVE_DUTY_FINGERPRINT_H
#define ENCLAVE_DUTY_FINGERPRINT_H

#include "enclave/duty/finding.h"

/* SHA-256 inside an image, for its findings. */
finding_hash duty_fingerprint;
/* Of what comes piece by piece; an empty piece is the end: then it is true, and *ret_hash filled. One at a time. */
bool duty_fingerprint_piece(struct span piece, uint8_t ret_hash[static VERIFIER_HASH_SIZE]);

#endif
