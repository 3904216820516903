/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 (FIPS 180-4), freestanding: for checks inside images, where no
 * library is. Not constant in time of the length; hash nothing secret. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"

enum { SHA256_SIZE = 32 };

void sha256(struct span bytes, uint8_t ret_digest[static SHA256_SIZE]);

#endif
