/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who this enclave is, shown to a grantor, and what it got for it. */
#ifndef ENCLAVE_LINK_EVIDENCE_H
#define ENCLAVE_LINK_EVIDENCE_H

#include "link/grant.h"

/* Ask the host's grantor for a grant for the public key `enclave_key`, and check it: signed by
 * the owner whom the enclave was started with, for this very enclave, its source and its
 * target. `ret_encoded` is what the source gets to see.
 * All reported: STATUS_DENIED: no grant was given (the host says why), or it isn't good for us;
 * STATUS_MALFORMED: what came isn't one; STATUS_UNSUPPORTED: no evidence on this backend. */
MUST_USE status evidence_ask_grant(const struct link_primitives *primitives,
				   const uint8_t enclave_key[static START_KEY_SIZE], struct link_grant *ret_grant,
				   uint8_t ret_encoded[static LINK_GRANT_SIZE]);

#endif
