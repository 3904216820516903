/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The link's primitives in firmware: BearSSL, which allocates nothing, keeps no state and
 * needs no C library but memcpy() and its kin. AES-GCM by AES-NI and PCLMULQDQ, which System
 * Management Mode has (edk2's SMM entry sets CR4.OSFXSR; AVX it hasn't); RDRAND for random bytes.
 */
#ifndef FIRMWARE_CRYPTO_PRIMITIVES_H
#define FIRMWARE_CRYPTO_PRIMITIVES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "link/primitives.h"

/* What the primitives' random bytes come by, from `draw`, which says whether it could. STATUS_IO, reported: it
 * couldn't; or what it drew just before was four times the same 64 bits, as CPUs do whose RDRAND is broken and claims
 * success (AMD's families 15h to 17h after they woke up, and some BIOSes' 17h from the start). */
MUST_USE status firmware_random_from(bool (*draw)(void *destination, size_t size), void *destination, size_t size);

/* STATUS_UNSUPPORTED, reported: this CPU has no AES-NI, PCLMULQDQ or RDRAND that is good for anything, and a key that
 * is guessed or that leaks through a table look-up would be worse than no service. */
MUST_USE status firmware_primitives(const struct link_primitives **ret_primitives);

#endif
