/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What earlier runs of this image have left, sealed, told to the verifier. Used by duty.c alone. */
#ifndef ENCLAVE_DUTY_LEFTOVER_H
#define ENCLAVE_DUTY_LEFTOVER_H

#include "base/status.h"
#include "link/primitives.h"
#include "wire/evidence.h"

/* Before anything new, over connections of its own: each stream has one. What a run left is forgotten once all of it is
 * told; where that fails, it stays where it is, which is reported and no fault of this run. Afterwards there is a
 * connection to the verifier that wasn't used yet. STATUS_IO: there is none now; STATUS_NO_MEMORY; reported. */
MUST_USE status leftover_tell(const struct link_primitives *primitives, const uint8_t binding[EVIDENCE_BINDING_SIZE]);

#endif
