/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENCLAVE_DUTY_FINGERPRINT_H
#define ENCLAVE_DUTY_FINGERPRINT_H

#include "enclave/duty/finding.h"

/* SHA-256 inside an image, for its findings. */
finding_hash duty_fingerprint;

#endif
