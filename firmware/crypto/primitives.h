/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The link's primitives in firmware: BearSSL, which allocates nothing, keeps no state and
 * needs no C library but memcpy() and its kin. AES-GCM by AES-NI and PCLMULQDQ, which System
 * Management Mode has (edk2's SMM entry sets CR4.OSFXSR; AVX it hasn't); RDRAND for random bytes.
 */
#ifndef FIRMWARE_CRYPTO_PRIMITIVES_H
#define FIRMWARE_CRYPTO_PRIMITIVES_H

#include "base/status.h"
#include "link/primitives.h"

/* STATUS_UNSUPPORTED, reported: this CPU has no AES-NI, PCLMULQDQ or RDRAND, and a key that is
 * guessed or that leaks through a table look-up would be worse than no service. */
MUST_USE status firmware_primitives(const struct link_primitives **ret_primitives);

#endif
